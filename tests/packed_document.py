"""The packed document of OpenAI's APIs, compiled to the last shape."""

from collections.abc import Mapping

from fakellm._dialects.openai.document import Compiler
from fakellm._dialects.shapes import Later


def places_of(patches, *operations):
    """Compile operations of the packed document to the last shape; return the places where a patch may lie."""
    compiler = Compiler(patches)
    made = set()
    for operation in operations:
        make(compiler.named(operation), made)
    return compiler.places


def make(shape, made):
    """Make what is made later. made: what was, as a shape may hold itself."""
    match shape:
        case Later() if shape not in made:
            made.add(shape)
            make(shape.shape, made)
        case Mapping():
            for part in shape.values():
                make(part, made)
        case tuple():
            for part in shape:
                make(part, made)
