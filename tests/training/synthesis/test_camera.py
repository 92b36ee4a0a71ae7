import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.synthesis.camera import DESKS, Camera, Shadow, jpeg, photograph, smooth_noise
from training.synthesis.geometry import Curl, Geometry, aim, project

SHEET = (300, 400)
PHOTO = (240, 320)

STILL = Camera(
    desk="none", exposure=1.0, vignette=0.0, defocus=0.0, defocus_far=0.0, noise=0.0, sharpen=0.0
)


@st.composite
def geometries(draw: st.DrawFn) -> Geometry:
    angle = st.floats(-20, 20)
    return aim(
        SHEET,
        PHOTO,
        tilt=draw(angle),
        pitch=draw(angle),
        yaw=draw(angle),
        margin=draw(st.floats(-0.1, 0.1)),
        orientation=draw(st.sampled_from([0, 90, 180, 270])),
        curl=Curl(draw(st.floats(0, 20)), draw(st.floats(0.3, 1.2)), draw(st.floats(0, 6))),
    )


@given(geometries())
@settings(max_examples=40)
def test_grid_undoes_to_photo(geometry: Geometry) -> None:
    rows, cols = (values[::17, ::17].astype(np.float64) for values in geometry.grid())
    seen = np.stack([rows - geometry.curl.shift(cols, SHEET[1]), cols], axis=-1)
    centers = np.indices(geometry.photo)[:, ::17, ::17].reshape(2, -1).T + 0.5
    np.testing.assert_allclose(geometry.to_photo(seen), centers, atol=1e-2)


@given(geometries())
@settings(max_examples=30)
def test_sheet_fits_into_the_photo_up_to_the_margin(geometry: Geometry) -> None:
    height, width = SHEET
    seen = geometry.to_photo([[0, 0], [0, width], [height, 0], [height, width]])
    spare = 0.11 * max(PHOTO)
    assert (seen > -spare).all()
    assert (seen < np.array(geometry.photo) + spare).all()


def test_straight_view_without_margin_is_a_scaling() -> None:
    geometry = aim((300, 400), (150, 200))
    np.testing.assert_allclose(geometry.to_photo([[100, 40]]), [[50, 20]], atol=1e-9)


def test_tilt_is_clockwise() -> None:
    left, right = aim(SHEET, PHOTO, tilt=5).to_photo([[150, 50], [150, 350]])
    down, across = right - left
    assert np.rad2deg(np.arctan2(down, across)) == pytest.approx(5)


def test_far_edge_is_narrower_when_the_camera_leans_over_the_near_one() -> None:
    top_left, top_right, low_left, low_right = aim(SHEET, PHOTO, pitch=20).to_photo(
        [[0, 0], [0, 400], [300, 0], [300, 400]]
    )
    assert top_right[1] - top_left[1] < low_right[1] - low_left[1]


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [(0, (30, 40)), (90, (40, 210)), (180, (210, 280)), (270, (280, 30))],
)
def test_quarter_turns_are_clockwise(orientation: int, expected: tuple[int, int]) -> None:
    geometry = aim((240, 320), (240, 320), orientation=orientation)
    np.testing.assert_allclose(geometry.to_photo([[30, 40]]), [expected], atol=1e-9)
    assert geometry.photo == ((240, 320) if orientation % 180 == 0 else (320, 240))


def test_other_turns_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 90"):
        aim(SHEET, PHOTO, orientation=45)


def test_project_divides_by_the_third_coordinate() -> None:
    matrix = np.diag([2.0, 4.0, 2.0])
    np.testing.assert_allclose(project(matrix, [[3, 5]]), [[3, 10]])


@given(geometries())
@settings(max_examples=10)
def test_a_black_patch_is_photographed_where_to_photo_says(geometry: Geometry) -> None:
    sheet = np.ones((*SHEET, 3), dtype=np.float32)
    sheet[120:180, 150:260] = 0
    image = photograph(sheet, geometry, STILL, np.random.default_rng(0))
    assert image.shape == (*geometry.photo, 3)
    t = np.linspace(0, 1, 60)
    edge = [(120 + 60 * a, 150 + 110 * b) for a in t for b in (0, 1)]
    edge += [(120 + 60 * a, 150 + 110 * b) for a in (0, 1) for b in t]
    outline = geometry.to_photo(edge)
    rows, cols = geometry.grid()
    rows = rows - geometry.curl.shift(cols, SHEET[1])
    mirrored = (rows < 0) | (rows > SHEET[0]) | (cols < 0) | (cols > SHEET[1])
    dark = np.argwhere((image[..., 1] < 128) & ~mirrored)
    # argwhere gives first corners of pixels; the last ones lie one further.
    np.testing.assert_allclose(dark.min(axis=0), outline.min(axis=0), atol=1.6)
    np.testing.assert_allclose(dark.max(axis=0) + 1, outline.max(axis=0), atol=1.6)


def test_photograph_refuses_a_sheet_of_another_size() -> None:
    sheet = np.ones((10, 10, 3), dtype=np.float32)
    with pytest.raises(ValueError, match="geometry is for"):
        photograph(sheet, aim(SHEET, PHOTO), STILL, np.random.default_rng(0))


@pytest.mark.parametrize("desk", DESKS)
def test_every_desk_is_seen_around_the_sheet_and_follows_the_seed(desk: str) -> None:
    sheet = np.full((*SHEET, 3), 0.8, dtype=np.float32)
    camera = Camera(desk=desk, shadows=(Shadow("phone"), Shadow("hand")), motion=(3.0, 20.0))
    geometry = aim(SHEET, PHOTO, margin=0.15, tilt=4)
    first, again, other = (
        photograph(sheet, geometry, camera, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    corner, middle = first[:20, :20].mean(), first[100:140, 140:180].mean()
    assert (corner < middle - 20) == (desk != "none")
    assert jpeg(first, 80) == jpeg(again, 80)


def test_unknown_desk_and_shadow_are_refused() -> None:
    sheet = np.ones((*SHEET, 3), dtype=np.float32)
    geometry = aim(SHEET, PHOTO, margin=0.1)
    for camera in (Camera(desk="lawn"), Camera(shadows=(Shadow("cloud"),))):
        with pytest.raises(ValueError, match="unknown"):
            photograph(sheet, geometry, camera, np.random.default_rng(0))


@pytest.mark.parametrize("scale", [1, 3, 40])
def test_smooth_noise_is_centred_and_as_smooth_as_asked(scale: int) -> None:
    noise = smooth_noise(np.random.default_rng(3), (400, 500), scale)
    assert noise.dtype == np.float32
    assert noise.shape == (400, 500)
    assert abs(noise.mean()) < 0.25
    assert 0.6 < noise.std() < 1.5
    step = np.abs(np.diff(noise, axis=1)).mean()
    assert step < 3 / scale
