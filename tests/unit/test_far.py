"""What a cluster's worker does with files, without a cluster."""

import json
import os
import time

import pytest

from tasks import far
from tasks.hashes import bytes_hash


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("DENOISED_STORE", str(tmp_path / "store"))
    return tmp_path / "store"


def tree_of(tmp_path, **files: str) -> tuple[str, dict[str, bytes]]:
    """(tree, {hash: content}) of files that lie below tmp_path/repository, and its listing among them."""
    entries, contents = [], {}
    for name, text in files.items():
        path = tmp_path / "repository" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        digest = bytes_hash(text.encode())
        entries.append([name.replace("__", "/"), digest, str(path)])
        contents[digest] = text.encode()
    listing = json.dumps(entries).encode()
    return bytes_hash(listing), {**contents, bytes_hash(listing): listing}


def send(contents):
    for digest, content in contents.items():
        assert far.receive("test", digest, content, True)


def test_a_file_comes_in_pieces_and_counts_when_it_is_whole():
    content = os.urandom(1000)
    digest = bytes_hash(content)
    far.receive("a", digest, content[:600], False)
    assert far.wanting({digest: ""}) == [digest]
    assert far.receive("a", digest, content[600:], True)
    assert far.blob(digest).read_bytes() == content
    assert far.wanting({digest: ""}) == []


def test_a_file_that_is_not_what_its_hash_says_is_refused(store):
    digest = bytes_hash(b"what was meant")
    assert not far.receive("a", digest, b"something else", True)
    assert not far.blob(digest).exists()
    assert not list((store / "drafts").iterdir())


def test_a_tree_is_asked_for_listing_first_and_stands_when_all_is_there(tmp_path, store, monkeypatch):
    monkeypatch.setenv("DENOISED_SHARED_DISK", "0")
    tree, contents = tree_of(tmp_path, a__one="1", two="2")
    assert far.lacking(tree) == [tree]
    send({tree: contents.pop(tree)})
    assert sorted(far.lacking(tree)) == sorted(contents)
    assert not (store / "trees").exists()
    send(contents)
    assert far.lacking(tree) == []
    place = store / "trees" / tree
    assert {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()} == {"a/one", "two"}
    assert (place / "two").stat().st_ino == far.blob(bytes_hash(b"2")).stat().st_ino


def test_on_a_shared_disk_nothing_has_to_be_sent_unless_it_is_another_file_by_now(tmp_path):
    tree, contents = tree_of(tmp_path, one="1", two="2")
    send({tree: contents[tree]})
    (tmp_path / "repository" / "two").write_text("no longer 2")
    assert far.lacking(tree) == [bytes_hash(b"2")]
    assert far.blob(bytes_hash(b"1")).exists()


def test_a_damaged_file_of_the_store_is_fetched_again(tmp_path):
    first, contents = tree_of(tmp_path, one="1")
    send(contents)
    assert far.lacking(first) == []
    kept = far.blob(bytes_hash(b"1"))
    kept.chmod(0o644)
    kept.write_bytes(b"x")
    second, contents = tree_of(tmp_path, one="1", two="2")
    send({second: contents[second]})
    assert far.lacking(second) == []  # from the shared disk
    assert kept.read_bytes() == b"1"


@pytest.mark.parametrize("name", ["../out", "/etc/out"])
def test_a_listing_cannot_reach_out_of_its_tree(tmp_path, store, name):
    digest = bytes_hash(b"1")
    listing = json.dumps([[name, digest, ""]]).encode()
    send({digest: b"1", bytes_hash(listing): listing})
    with pytest.raises(ValueError, match="outside of the tree"):
        far.lacking(bytes_hash(listing))
    assert not list(store.rglob("out"))


def test_what_nobody_used_for_long_is_thrown_away(tmp_path, store):
    old, contents = tree_of(tmp_path, one="1")
    send(contents)
    assert far.lacking(old) == []
    past = time.time() - 2 * far.AGE
    os.utime(store / "trees" / old, (past, past))
    new, contents = tree_of(tmp_path, two="2")
    send(contents)
    assert far.lacking(new) == []
    assert [path.name for path in (store / "trees").iterdir()] == [new]


def test_a_full_disk_is_a_sentence(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(far, "lacking", full)
    answer = far.run({"id": "a/b", "tree": "x"})
    assert "could not render figure a/b: No space left on device" in answer["error"]
