"""Pydantic models that cost little to import."""

from pydantic import BaseModel


class LazyModel(BaseModel, defer_build=True):
    """A pydantic model whose validator is built when it is first used.

    Building all of them at import would double its time, and a test run uses a handful. A field type that
    pydantic does not know is therefore reported on the first use of a class, not where it is defined.
    """
