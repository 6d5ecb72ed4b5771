"""A person's client of a site: calls of the API, uploads that resume, downloads that are checked. Needs the extra `client`."""
