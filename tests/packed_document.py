"""The packed document of OpenAI's APIs, compiled to the last shape."""

from collections.abc import Mapping

from fakellm._dialects.openai.document import Compiler
from fakellm._dialects.shapes import Later


def places_of(patches, *operations):
    """Compile operations of the packed document to the last shape; return the places where a patch may lie."""
    compiler = Compiler(patches)
    for operation in operations:
        make(compiler.named(operation), made=set())
    return compiler.places


def make(shape, made):
    """Make what is made later. made: ids of what was; a shape may hold itself."""
    if id(shape) in made:
        return
    made.add(id(shape))
    match shape:
        case Later():
            make(shape.shape, made)
        case Mapping():
            make(tuple(shape.values()), made)
        case tuple():
            for part in shape:
                make(part, made)
