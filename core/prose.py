"""Texts that organisers write, as pages show them: safe Markdown."""

from __future__ import annotations

from xml.etree.ElementTree import Element

import markdown
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor

HEADINGS = {"h1": "h2", "h2": "h3", "h3": "h4", "h4": "h5", "h5": "h6"}  # a page has one h1, its title
LINKS = ("https://", "http://", "mailto:")


class PlainElements(Treeprocessor):
    """Links lead to web and mail addresses only; pictures, which another server would count, become their words."""

    def run(self, root: Element) -> None:
        for element in root.iter():
            element.tag = HEADINGS.get(element.tag, element.tag)
            if element.tag == "a":
                target = element.attrib.get("href", "")
                element.attrib.clear()
                if target.lower().startswith(LINKS):
                    element.attrib.update({"href": target, "rel": "noopener noreferrer"})
            elif element.tag == "img":
                words = element.attrib.get("alt", "")
                element.attrib.clear()
                element.tag, element.text = "span", words


class SafeProse(Extension):
    """Written HTML is text: it is escaped before Markdown reads it."""

    def extendMarkdown(self, md: markdown.Markdown) -> None:  # noqa: N802 (Markdown's own name)
        md.treeprocessors.register(PlainElements(md), "plain_elements", 0)


def render_prose(text: str) -> SafeString:
    """Paragraphs, lists, headings, emphasis and links; lines end where the text's lines end."""
    html = markdown.markdown(
        escape(text).replace("&gt;", ">").replace("&#x27;", "'").replace("&quot;", '"'),
        extensions=["nl2br", "sane_lists", "tables", SafeProse()],
    )
    return mark_safe(html)  # noqa: S308 (no "<" of the text reaches Markdown)
