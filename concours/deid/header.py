"""What the engine itself reads of a data set, by tag."""

from concours.deid import tags
from concours.deid.charset import decoder, terms
from concours.deid.heads import may_show_face
from concours.deid.objects import Kind
from concours.deid.pixels import PixelModule
from concours.deid.refusal import FileRefusedError
from concours.deid.tokens import DataElement

OVERLAY_DATA = 0x3000


class ElementHeader:
    """What the engine itself reads of a data set, by tag."""

    def __init__(self, tokens: list[DataElement]) -> None:
        self.tokens = {token[0]: token for token in tokens}

    def bytes(self, tag: int) -> bytes:
        """The value without padding, or nothing."""
        token = self.tokens.get(tag)
        return token.value.strip(b" \0") if token is not None and not token.undefined else b""

    def text(self, tag: int) -> str:
        """A code, number or UID as text."""
        return self.bytes(tag).decode("ascii", "replace")

    def values(self, tag: int) -> list[str]:
        """The values of a code string."""
        return terms(self.bytes(tag))

    def number(self, tag: int, default: int | None = None) -> int:
        """An unsigned short. Raises RefusedError where it is missing or of another type."""
        token = self.tokens.get(tag)
        if token is None and default is not None:
            return default
        if token is None or len(token.value) != 2 or token.vr not in (b"US", b"UN"):
            raise FileRefusedError(
                "no_pixels", "An attribute that describes the pixels is missing or has a wrong type."
            )
        return int.from_bytes(token.value, "little")

    def frames(self) -> int:
        """Number of frames, 1 where it is not given. Raises RefusedError where it is no number."""
        text = self.text(tags.NumberOfFrames)
        if not text:
            return 1
        if not text.isdigit() or not 0 < int(text) < 1 << 31:
            raise FileRefusedError("corrupt_pixels", "The number of frames is not a number.")
        return int(text)

    def pixel_module(self) -> PixelModule:
        """The description of the pixels. Raises RefusedError where it is incomplete or impossible."""
        allocated = 0
        is_float = tags.PixelData not in self.tokens and tags.BitsStored not in self.tokens
        allocated = self.number(tags.BitsAllocated)
        stored = allocated if is_float else self.number(tags.BitsStored)
        module = PixelModule(
            rows=self.number(tags.Rows),
            columns=self.number(tags.Columns),
            samples=self.number(tags.SamplesPerPixel, 1),
            allocated=allocated,
            stored=stored,
            high_bit=self.number(tags.HighBit, stored - 1 if stored else 0),
            signed=self.number(tags.PixelRepresentation, 0) == 1,
            frames=self.frames(),
            photometric=self.text(tags.PhotometricInterpretation),
        )
        possible = (
            allocated in (1, 8, 16, 32, 64) and 0 < stored <= allocated and stored - 1 <= module.high_bit < allocated
        )
        if not (possible and module.rows and module.columns and module.samples in (1, 3, 4)):
            raise FileRefusedError("corrupt_pixels", "The attributes that describe the pixels contradict each other.")
        return module

    def names_nobody(self) -> bool:
        """Whether neither number nor name says whose file it is: a capture like that cannot be told from another's."""
        return not self.bytes(tags.PatientID) and not self.bytes(tags.PatientName).strip(b"^ =")

    def drawn_overlay(self) -> bool:
        """Whether an overlay plane holds anything: it leaves with its group, and a person must know that it was there."""
        return any(
            tag >> 24 == 0x60 and tag & 0xFFFF == OVERLAY_DATA and any(token.value)
            for tag, token in self.tokens.items()
        )

    def face_possible(self, kind: Kind) -> bool:
        """Whether a volume of this kind may show a face when rendered: a head or neck in CT, MR or PET, or no word on the
        body part.
        """
        if kind is not Kind.IMAGE:
            return False
        decode = decoder(self.bytes(tags.SpecificCharacterSet))
        words = [
            decode(self.bytes(tag))
            for tag in (tags.BodyPartExamined, tags.SeriesDescription, tags.StudyDescription, tags.ProtocolName)
        ]
        return may_show_face(self.text(tags.Modality), words)
