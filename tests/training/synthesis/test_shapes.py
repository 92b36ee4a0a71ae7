import numpy as np
import pytest

from training.data.pictures import load_class_folder
from training.synthesis.shapes import SUBJECTS, draw_set, write_folder


@pytest.mark.parametrize("subject", list(SUBJECTS))
def test_pictures_repeat_and_differ(subject):
    classes = list(SUBJECTS[subject])
    made = draw_set(classes, 3, 24, 5, subject=subject)
    assert made.images.shape == (3 * len(classes), 24, 24, 3)
    assert made.images.dtype == np.uint8
    assert np.bincount(made.labels).tolist() == [3] * len(classes)
    assert made.classes == tuple(classes)
    again = draw_set(classes, 3, 24, 5, subject=subject)
    np.testing.assert_array_equal(made.images, again.images)
    assert len({image.tobytes() for image in made.images}) == len(made.images)
    other = draw_set(classes, 3, 24, 6, subject=subject)
    assert (made.images != other.images).any()


def test_write_folder_is_read_back(tmp_path):
    made = draw_set(["disc", "star"], 4, 40, 0, subject="shapes")
    write_folder(tmp_path, made)
    found = load_class_folder(tmp_path, 40)
    assert found.classes == ("disc", "star")
    assert np.bincount(found.labels).tolist() == [4, 4]
    discs = made.images[made.labels == 0].astype(float)
    read = found.images[found.labels == 0].astype(float)
    assert np.abs(discs - read).mean() < 12  # what JPEG takes away
