"""Archives and downloads: unpacked aside, fetched once, never half."""

import http.server
import threading
import zipfile

import pytest

from spatial.errors import SourceError
from spatial.plan.records import Source
from spatial.sources import files
from spatial.sources.vector import fingerprint_source, read_source


def pack(archive, parts, **names):
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in parts:
            packed.write(part, names.get(part.name, part.name))
    return archive


class WindowsInfo(zipfile.ZipInfo):
    """A member whose name is in GBK and not marked as anything, as Chinese Windows writes it."""

    def _encodeFilenameFlags(self):  # noqa: N802
        return self.filename.encode("gbk"), self.flag_bits & ~0x800


@pytest.fixture
def shapefile(dirty, tmp_path):
    """Return the files of a Shapefile with a Chinese name, outside the folder of the plan."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    path = dirty.write(folder / "towns.shp", [dirty.square], attributes={"name": ["济源市"]}, encoding="gbk")
    path.with_suffix(".cpg").unlink()
    return sorted(folder.iterdir())


def test_a_zipped_shapefile_is_read_with_all_its_care(dirty, tmp_path, shapefile):
    path = pack(tmp_path / "towns.zip", shapefile)
    result = dirty.read(path)
    assert result.frame["name"].tolist() == ["济源市"]
    assert dirty.finding(result, "encoding").message_en.startswith("towns.zip/towns.shp: ")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["elsewhere", "towns.zip"]
    lacking = pack(tmp_path / "lacking.zip", [part for part in shapefile if part.suffix != ".shx"])
    assert "towns.shx" in dirty.refusal(lacking).problem


def test_names_in_gbk_inside_a_zip_are_read(dirty, tmp_path, shapefile):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for part in shapefile:
            packed.writestr(WindowsInfo(f"数据/乡镇{part.suffix}"), part.read_bytes())
    result = dirty.read(path)
    assert result.frame["name"].tolist() == ["济源市"]
    assert dirty.finding(result, "encoding").message_en.startswith("a.zip/数据/乡镇.shp: ")


def test_an_archive_of_several_files_needs_a_layer(dirty, tmp_path, shapefile):
    other = dirty.write(tmp_path / "elsewhere" / "roads.gpkg", [dirty.square])
    path = pack(tmp_path / "a.zip", [*shapefile, other])
    fault = dirty.refusal(path)
    assert fault.key == "layer"
    assert fault.problem == "the archive holds several files: roads.gpkg, towns.shp"
    assert fault.remedy == "write for example `layer: roads`"
    assert "there is no 'rivers' in the archive" in dirty.refusal(path, layer="rivers").problem
    assert len(dirty.read(path, layer="towns").frame) == 1


def test_a_zipped_geodatabase_is_read(dirty, tmp_path):
    folder = dirty.write(tmp_path / "a.gdb", [dirty.square], driver="OpenFileGDB", layer="towns")
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for part in folder.iterdir():
            packed.write(part, f"a.gdb/{part.name}")
    assert len(dirty.read(path, layer="towns").frame) == 1


def test_a_member_cannot_leave_its_folder(dirty, tmp_path, shapefile):
    path = pack(tmp_path / "a.zip", shapefile, **{"towns.shp": "../../../escaped.shp"})
    assert "escaped.shx" in dirty.refusal(path).problem
    assert not list(tmp_path.rglob("escaped*"))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken"])
def test_broken_archives_are_refused(dirty, tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    fault = dirty.refusal(tmp_path / "a.zip")
    assert "cannot be unpacked" in fault.problem
    assert "plain .zip" in fault.remedy


def test_archives_without_vector_files_or_too_large_are_refused(dirty, tmp_path, shapefile, monkeypatch):
    path = pack(tmp_path / "a.zip", [part for part in shapefile if part.suffix == ".prj"])
    assert dirty.refusal(path).problem == "the archive holds no vector file"
    monkeypatch.setattr("spatial.sources.archives._LARGEST_BYTES", 10)
    assert "unpacks to" in dirty.refusal(pack(tmp_path / "b.zip", shapefile)).problem


def test_a_file_address_is_fetched_once(dirty, tmp_path):
    path = dirty.write(tmp_path / "a.gpkg", [dirty.square])
    source = Source(url=path.as_uri())
    first = fingerprint_source(source, tmp_path)
    assert len(read_source("data", source, tmp_path).frame) == 1
    path.unlink()
    assert len(read_source("data", source, tmp_path).frame) == 1
    assert fingerprint_source(source, tmp_path) == first


@pytest.fixture
def server(dirty, tmp_path):
    """Return the address of a server that counts, and can answer badly."""
    data = dirty.write(tmp_path / "served.gpkg", [dirty.square]).read_bytes()
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            if self.path.startswith("/lost"):
                self.send_error(404)
                return
            if self.path.startswith("/moved"):
                self.send_response(302)
                self.send_header("Location", "file:///etc/hostname")
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if self.path.startswith("/short") else data)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        thread = threading.Thread(target=serving.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_address[1]}", asked
        serving.shutdown()
        thread.join()


def fault_of(url, folder):
    with pytest.raises(SourceError) as caught:
        read_source("data", Source(url=url), folder)
    (fault,) = caught.value.faults
    assert fault.where == url
    return fault


def test_a_web_address_is_fetched_once(dirty, server, tmp_path):
    base, asked = server
    source = Source(url=f"{base}/济源/a.gpkg?v=1".replace("济源", "%E6%B5%8E%E6%BA%90"))
    for _ in range(2):
        result = read_source("data", source, tmp_path)
        assert len(result.frame) == 1
        assert "first download" in dirty.finding(result, "download").message_en
    assert len(asked) == 1


def test_a_broken_download_leaves_nothing(server, tmp_path):
    base, _ = server
    fault = fault_of(f"{base}/short.gpkg", tmp_path)
    assert "broke off" in fault.problem or "cannot be downloaded" in fault.problem
    assert not [
        file
        for file in files.find_downloads().rglob("*")
        if file.name.endswith(".part") or file.name == "short.gpkg"
    ]


def test_answers_and_addresses_that_are_no_use_say_so(server, tmp_path):
    base, _ = server
    assert fault_of(f"{base}/lost.gpkg", tmp_path).problem == "the server answers 404 Not Found"
    assert "302" in fault_of(f"{base}/moved.gpkg", tmp_path).problem
    assert "is not fetched" in fault_of("ftp://127.0.0.1/a.gpkg", tmp_path).problem
    assert "is not fetched" in fault_of("a.gpkg", tmp_path).problem


def test_without_a_network_the_message_says_so(tmp_path):
    fault = fault_of("http://127.0.0.1:9/a.gpkg", tmp_path)
    assert fault.key == "url"
    assert "perhaps there is no network" in fault.problem
    assert "`file:`" in fault.remedy


def test_a_download_that_never_ends_is_cut(server, tmp_path, monkeypatch):
    base, _ = server
    monkeypatch.setattr(files, "_LARGEST_BYTES", 1000)
    assert "is larger than" in fault_of(f"{base}/endless.gpkg", tmp_path).problem
