import json

import numpy as np
import pytest

from breastwidget.engines.base import EngineInfo
from breastwidget.errors import PromptError
from breastwidget.prompts import BoxPrompt, Lesion, MaskPrompt, PointPrompt
from breastwidget.provenance import Provenance, lesion_from_json, mask_digest
from breastwidget.strategies import Extent
from breastwidget.volume import Source


def test_prompts_survive_the_session_file():
    mask = np.zeros((7, 5), bool)
    mask[2:4, 1:3] = True
    lesion = Lesion(
        (
            BoxPrompt(3, 0.25, 1, 4.5, 6),
            PointPrompt(4, 2.5, 3.5, positive=False),
            MaskPrompt(5, mask),
        ),
        "left upper quadrant",
    )
    source = Source(("scan.nii.gz",), "ab" * 32, subtraction=1)
    engine = EngineInfo("nano", "cd" * 32, (("precision", "float32"),))
    provenance = Provenance(source, "axial", lesion, "top-to-bottom", Extent(2, 9), engine)
    record = json.loads(json.dumps(provenance.to_json()))
    again = lesion_from_json(record["lesion"])
    assert again.name == lesion.name
    assert again.prompts[:2] == lesion.prompts[:2]
    assert again.prompts[2].slice == 5
    assert (again.prompts[2].mask == mask).all()
    assert record["extent"] == [2, 9]
    assert record["engine"] == {
        "name": "nano",
        "sha256": "cd" * 32,
        "settings": {"precision": "float32"},
    }
    assert record["source"]["subtraction"] == 1
    assert record["dependencies"]["numpy"] == np.__version__


def test_an_unknown_kind_of_prompt_is_refused():
    with pytest.raises(PromptError, match="'scribble'"):
        lesion_from_json({"name": "x", "prompts": [{"kind": "scribble", "slice": 0}]})


def test_a_digest_changes_with_one_voxel_and_with_the_shape():
    mask = np.zeros((4, 4, 4), bool)
    other = mask.copy()
    other[1, 2, 3] = True
    assert mask_digest(mask) == mask_digest(np.asfortranarray(mask))
    assert mask_digest(mask) != mask_digest(other)
    assert mask_digest(mask) != mask_digest(mask.reshape(2, 8, 4))
