import pytest

from fakellm.models import Alias, CodeBlock, CodeResult, ImportFromModule
from fakellm.models._code import Import, import_statement


def test_values_take_their_fields_in_autogens_order() -> None:
    assert repr(CodeBlock("print(1)", "python")) == "CodeBlock(code='print(1)', language='python')"
    assert repr(CodeResult(0, "1")) == "CodeResult(exit_code=0, output='1')"


@pytest.mark.parametrize(
    ("wanted", "statement"),
    [
        ("math", "import math"),
        (Alias("numpy", "np"), "import numpy as np"),
        (ImportFromModule("math", ("pi",)), "from math import pi"),
        (ImportFromModule("math", ["pi", Alias("sqrt", "root")]), "from math import pi, sqrt as root"),  # type: ignore[arg-type]
    ],
)
def test_import_is_written_as(wanted: Import, statement: str) -> None:
    assert import_statement(wanted) == statement


def test_imports_given_as_a_list_are_kept_as_a_tuple() -> None:
    assert ImportFromModule("math", ["pi"]).imports == ("pi",)  # type: ignore[arg-type]
