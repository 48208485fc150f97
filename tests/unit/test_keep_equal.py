"""A site that is built again keeps the files that stayed the same (tasks/recipes.py)."""

import os

from tasks.recipes import _keep_equal


def write(root, **files):
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_only_what_is_the_same_is_kept(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    write(old, page="before", assets__picture="picture", gone="gone", same_size="abc")
    write(new, page="after", assets__picture="picture", fresh="fresh", same_size="abd")
    os.symlink(new / "page", old / "fresh")  # nobody's work: never followed, never kept
    inode = (old / "assets" / "picture").stat().st_ino
    _keep_equal(old, new)
    assert (new / "assets" / "picture").stat().st_ino == inode
    assert {path.relative_to(new).as_posix(): path.read_text() for path in new.rglob("*") if path.is_file()} == {
        "page": "after", "assets/picture": "picture", "fresh": "fresh", "same_size": "abd"}
    assert not (new / "fresh").is_symlink()
    assert not (old / "assets" / "picture").exists(), "moved, not copied: nothing of its size is left to remove"


def test_there_may_be_no_old_site(tmp_path):
    write(tmp_path / "new", page="text")
    _keep_equal(tmp_path / "old", tmp_path / "new")
    assert (tmp_path / "new" / "page").read_text() == "text"
