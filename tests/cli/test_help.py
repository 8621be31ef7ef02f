import json

import pytest

import breastwidget as bw


@pytest.mark.parametrize("command", [(), ("segment",), ("engines",), ("demo",), ("replay",)])
def test_every_command_has_a_help(breastwidget, command):
    run = breastwidget(*command, "--help")
    assert run.code == 0
    assert "Usage" in run.out


def test_the_version_is_printed(breastwidget):
    assert breastwidget("--version").out.strip() == f"breastwidget {bw.__version__}"


def test_an_unknown_option_is_exit_code_2(breastwidget):
    assert breastwidget("segment", "--colour", "red").code == 2


def test_engines_are_listed_with_size_and_licence(breastwidget):
    rows = json.loads(breastwidget("engines", "--json").out)
    names = [row["name"] for row in rows]
    assert names[0] == "nano"
    assert {"sam2.1-tiny", "sam2.1-small", "sam2.1-base-plus", "sam2.1-large", "medsam2"} <= set(
        names
    )
    assert rows[0]["cached"]
    assert all(row["licence"] for row in rows)
    assert "sam2.1-tiny" in breastwidget("engines").err
