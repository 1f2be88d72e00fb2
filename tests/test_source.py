"""Files, encodings, notebooks and module names: what is found, how it is called, what it says."""

from __future__ import annotations

import ast
import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from qorgau.source import (
    Discovery,
    SourceError,
    SourceFile,
    SourceProblem,
    SourceText,
    by_module,
    cell_at,
    decode,
    discover,
    find_root,
    nearer_names,
    own_names,
    read,
    split_lines,
)


def write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not name.endswith("/"):
            path.write_text("x = 1\n" if name.endswith(".py") else "")
        else:
            path.mkdir(exist_ok=True)


def find(
    root: Path,
    *paths: str,
    exclude: Sequence[str] = (),
    source_roots: Sequence[str] | None = None,
    cwd: Path | None = None,
) -> Discovery:
    named = [root / path for path in paths] or [root]
    return discover(named, root=root, cwd=cwd or root, exclude=exclude, source_roots=source_roots)


def displays(discovery: Discovery) -> list[str]:
    return [file.display for file in discovery.files]


def modules(discovery: Discovery) -> dict[str, str]:
    return {file.display: file.module for file in discovery.files}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    write(root, "qorgau.toml")
    return root


class TestWhatIsFound:
    def test_python_files_scripts_without_console_and_notebooks_are_found(self, project: Path) -> None:
        write(project, "a.py", "b.pyw", "c.ipynb")
        assert displays(find(project)) == ["a.py", "b.pyw", "c.ipynb"]

    def test_stubs_and_other_files_are_not(self, project: Path) -> None:
        write(project, "a.pyi", "a.txt", "py", "a.py.bak", "run")
        assert displays(find(project)) == []

    def test_a_script_without_suffix_is_found_when_it_is_named(self, project: Path) -> None:
        write(project, "bin/run")
        (file,) = find(project, "bin/run").files
        assert (file.display, file.module, file.wanted) == ("bin/run", "bin.run", True)

    def test_files_come_sorted_and_two_runs_agree(self, project: Path) -> None:
        write(project, "b/z.py", "a/y.py", "c.py", "b.py")
        assert displays(find(project)) == ["a/y.py", "b.py", "b/z.py", "c.py"]
        assert find(project) == find(project)

    def test_an_empty_project_has_no_files_and_no_problems(self, project: Path) -> None:
        discovery = find(project)
        assert (discovery.files, discovery.problems, discovery.root) == ((), (), project)

    def test_a_folder_named_like_a_file_is_entered(self, project: Path) -> None:
        write(project, "odd.py/a.py")
        assert displays(find(project)) == ["odd.py/a.py"]

    def test_paths_are_displayed_from_the_working_folder(self, project: Path) -> None:
        write(project, "app/a.py", "docs/")
        assert displays(find(project, cwd=project / "docs")) == ["../app/a.py"]
        assert displays(find(project, cwd=project / "app")) == ["a.py"]

    def test_a_working_folder_reached_by_a_link_shows_the_same_paths(self, project: Path) -> None:
        write(project, "app/a.py")
        link = project.parent / "link"
        link.symlink_to(project)
        found = discover([link / "app"], root=link, cwd=project, exclude=(), source_roots=None)
        assert displays(found) == ["app/a.py"]

    @pytest.mark.parametrize("name", ["tests/a.py", "test_a.py", "a_test.py", "conftest.py", "app/tests.py"])
    def test_tests_are_known_by_their_names(self, project: Path, name: str) -> None:
        write(project, name)
        assert find(project).files[0].is_test

    @pytest.mark.parametrize("name", ["contests/a.py", "testing_a.py", "attest.py", "latest/conf.py"])
    def test_other_names_are_no_tests(self, project: Path, name: str) -> None:
        write(project, name)
        assert not find(project).files[0].is_test

    def test_a_project_that_lies_in_a_tests_folder_is_not_a_test(self, tmp_path: Path) -> None:
        root = tmp_path / "tests" / "shop"
        write(root, "qorgau.toml", "a.py", "tests/b.py")
        assert [file.is_test for file in find(root).files] == [False, True]


class TestWantedAndContext:
    def test_what_is_below_a_path_is_wanted_and_the_rest_is_context(self, project: Path) -> None:
        write(project, "app/a.py", "lib/b.py", "application.py")
        wanted = {file.display: file.wanted for file in find(project, "app").files}
        assert wanted == {"app/a.py": True, "lib/b.py": False, "application.py": False}

    def test_a_named_file_is_wanted_alone(self, project: Path) -> None:
        write(project, "app/a.py", "app/b.py")
        assert [file.wanted for file in find(project, "app/b.py").files] == [False, True]

    def test_a_file_named_twice_counts_once(self, project: Path) -> None:
        write(project, "app/a.py")
        assert displays(find(project, "app", "app/a.py", "./app/../app/a.py")) == ["app/a.py"]

    def test_without_a_sign_of_a_project_there_is_no_context(self, tmp_path: Path) -> None:
        write(tmp_path, "app/a.py", "other/b.py")
        assert displays(find(tmp_path, "app")) == ["app/a.py"]
        write(tmp_path, "pyproject.toml")
        assert displays(find(tmp_path, "app")) == ["app/a.py", "other/b.py"]

    def test_a_home_folder_is_never_context(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        write(project, "app/a.py", "other/b.py")
        monkeypatch.setenv("HOME", str(project))
        monkeypatch.setenv("USERPROFILE", str(project))
        assert displays(find(project, "app")) == ["app/a.py"]

    def test_a_path_outside_the_root_brings_its_own_project(self, project: Path, tmp_path: Path) -> None:
        write(tmp_path / "other", "pyproject.toml", "src/bank/a.py", "src/bank/b.py")
        (tmp_path / "alone").mkdir()
        found = discover(
            [tmp_path / "other/src/bank/a.py"],
            root=project,
            cwd=tmp_path,
            exclude=["b.py"],
            source_roots=None,
        )
        assert modules(found) == {"other/src/bank/a.py": "bank.a"}


class TestTheRoot:
    @pytest.mark.parametrize("marker", [".git/", "pyproject.toml", "setup.py", "manage.py"])
    def test_the_nearest_folder_with_a_sign_of_a_project_is_the_root(
        self, tmp_path: Path, marker: str
    ) -> None:
        write(tmp_path, "shop/" + marker, "shop/app/deep/a.py")
        assert find_root(tmp_path / "shop/app/deep/a.py") == tmp_path / "shop"
        assert find_root(tmp_path / "shop/app") == tmp_path / "shop"

    def test_else_the_folder_itself_or_that_of_the_file(self, tmp_path: Path) -> None:
        write(tmp_path, "app/a.py")
        assert find_root(tmp_path / "app") == tmp_path / "app"
        assert find_root(tmp_path / "app/a.py") == tmp_path / "app"

    def test_a_home_folder_under_version_control_is_no_root(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path, ".git/", "work/a.py")
        assert find_root(tmp_path / "work") == tmp_path
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        assert find_root(tmp_path / "work") == tmp_path / "work"


class TestWhatIsLeftOut:
    @pytest.mark.parametrize(
        "folder",
        [
            *(".venv", ".tox", ".hidden", ".eggs", "node_modules", "site-packages", "__pycache__"),
            *("__pypackages__", "build", "dist", "shop.egg-info", "app/node_modules"),
        ],
    )
    def test_hidden_vendored_and_built_folders_are_left_out(self, project: Path, folder: str) -> None:
        write(project, f"{folder}/a.py", "kept/a.py")
        assert displays(find(project)) == ["kept/a.py"]

    @pytest.mark.parametrize("folder", ["venv", "env", "builder", "app/distance", "node_modules_x", "eggs"])
    def test_folders_that_only_look_like_them_are_kept(self, project: Path, folder: str) -> None:
        write(project, f"{folder}/a.py")
        assert displays(find(project)) == [f"{folder}/a.py"]

    def test_a_package_named_build_is_kept(self, project: Path) -> None:
        write(project, "app/build/__init__.py", "app/build/a.py")
        assert displays(find(project)) == ["app/build/__init__.py", "app/build/a.py"]

    @pytest.mark.parametrize(
        "sign",
        ["pyvenv.cfg", "lib/python3.12/site-packages/six.py", "Lib/site-packages/six.py"],
    )
    def test_a_virtual_environment_is_known_by_what_it_holds(self, project: Path, sign: str) -> None:
        write(project, f"tools/{sign}", "tools/bin/a.py")
        assert displays(find(project)) == []

    def test_a_project_that_is_itself_an_environment_is_scanned(self, project: Path) -> None:
        write(project, "pyvenv.cfg", "lib/python3.12/site-packages/six.py", "app/a.py")
        assert displays(find(project)) == ["app/a.py"]

    def test_a_folder_that_is_named_is_scanned_all_the_same(self, project: Path) -> None:
        write(project, "build/a.py", "build/node_modules/b.py", "c.py")
        wanted = [file.display for file in find(project, "build").files if file.wanted]
        assert wanted == ["build/a.py"]

    def test_a_file_that_is_named_is_scanned_all_the_same(self, project: Path) -> None:
        write(project, ".venv/a.py", ".venv/b.py")
        (project / ".gitignore").write_text("a.py\n")
        assert displays(find(project, ".venv/a.py", exclude=["a.py"])) == [".venv/a.py"]


class TestIgnoreFiles:
    def test_an_ignored_file_is_left_out_and_its_neighbour_is_not(self, project: Path) -> None:
        write(project, "a.py", "b.py", "app/a.py")
        (project / ".gitignore").write_text("# comment\n\na.py\n")
        assert displays(find(project)) == ["b.py"]

    def test_a_nested_ignore_file_speaks_for_its_own_folder(self, project: Path) -> None:
        write(project, "one/a.py", "two/a.py", "two/deep/a.py")
        (project / "two/.gitignore").write_text("/a.py\n")
        assert displays(find(project)) == ["one/a.py", "two/deep/a.py"]

    def test_a_nested_ignore_file_can_take_back_in(self, project: Path) -> None:
        write(project, "one/a.py", "two/a.py")
        (project / ".gitignore").write_text("a.py\n")
        (project / "two/.gitignore").write_text("!a.py\n")
        assert displays(find(project)) == ["two/a.py"]

    def test_nothing_is_taken_back_from_an_ignored_folder(self, project: Path) -> None:
        write(project, "out/a.py", "gen/a.py")
        (project / ".gitignore").write_text("out/\n!out/a.py\ngen/*\n!gen/a.py\n")
        assert displays(find(project)) == ["gen/a.py"]

    def test_a_list_of_what_to_keep_works(self, project: Path) -> None:
        write(project, "a.py", "app/b.py", "app/c.ipynb")
        (project / ".gitignore").write_text("*\n!*/\n!*.py\n")
        assert displays(find(project)) == ["a.py", "app/b.py"]

    def test_an_ignore_file_with_windows_lines_a_mark_and_a_bad_line_is_read(self, project: Path) -> None:
        write(project, "a.py", "b.py", "c.py")
        (project / ".gitignore").write_bytes(b"\xef\xbb\xbfa.py\r\n!\r\nb.py\r\n")
        assert displays(find(project)) == ["c.py"]

    def test_what_git_excludes_privately_is_left_out(self, project: Path) -> None:
        write(project, "a.py", "b.py", ".git/info/exclude")
        (project / ".git/info/exclude").write_text("a.py\n")
        assert displays(find(project)) == ["b.py"]

    def test_the_private_exclusions_of_a_linked_work_tree_are_found(
        self, project: Path, tmp_path: Path
    ) -> None:
        write(tmp_path, "main/.git/info/exclude", "main/.git/worktrees/shop/commondir")
        (tmp_path / "main/.git/info/exclude").write_text("a.py\n")
        (tmp_path / "main/.git/worktrees/shop/commondir").write_text("../..\n")
        write(project, "a.py", "b.py")
        (project / ".git").write_text("gitdir: ../main/.git/worktrees/shop\n")
        assert displays(find(project)) == ["b.py"]

    def test_the_ignore_files_of_the_repository_above_the_root_count(self, tmp_path: Path) -> None:
        write(tmp_path, ".git/", "shop/qorgau.toml", "shop/a.py", "shop/b.py")
        (tmp_path / ".gitignore").write_text("b.py\n")
        assert displays(find(tmp_path / "shop")) == ["a.py"]

    def test_a_project_in_an_ignored_folder_is_scanned(self, tmp_path: Path) -> None:
        write(tmp_path, ".git/", "scratch/shop/qorgau.toml", "scratch/shop/a.py")
        (tmp_path / ".gitignore").write_text("scratch/\n")
        assert displays(find(tmp_path / "scratch/shop")) == ["a.py"]

    def test_exclude_counts_from_the_root_on_top_of_the_ignore_files(self, project: Path) -> None:
        write(project, "app/migrations/a.py", "app/b.py", "gen/c.py", "app/gen/d.py")
        found = find(project, exclude=["**/migrations/**", "/gen"])
        assert displays(found) == ["app/b.py", "app/gen/d.py"]

    def test_exclude_can_take_back_in_what_is_left_out_by_default(self, project: Path) -> None:
        write(project, "build/a.py", ".github/b.py", ".git/c.py", ".venv/d.py")
        assert displays(find(project, exclude=["!build/", "!.github/", "!.git/"])) == [
            ".github/b.py",
            "build/a.py",
        ]

    @pytest.mark.parametrize(
        "lines",
        [
            ["a/**/x.py", "!/a/b/"],
            ["/foo/*", "!/foo/bar/"],
            ["**/", "!a/"],
            ["b/**/"],
            ["foo/**", "!foo/x.py"],
            ["[ab]/", "!b/"],
            ["/x.py", "?.py", "!a/y.py"],
            ["!/**/b*", "/b", "bar"],
            [r"\!x.py", r"x\.py"],
        ],
    )
    def test_git_and_we_agree(self, project: Path, lines: list[str]) -> None:
        folders = ("", "a/", "a/b/", "b/", "b/a/", "foo/", "foo/bar/", "bar/")
        write(project, *(folder + name for folder in folders for name in ("x.py", "y.py", "!x.py")))
        (project / ".gitignore").write_text("\n".join(lines) + "\n")
        git = ["git", "-C", str(project)]
        subprocess.run([*git, "init", "-q"], check=True)
        listing = subprocess.run(
            [*git, "ls-files", "-o", "--exclude-per-directory=.gitignore", "*.py"],
            check=True,
            capture_output=True,
            text=True,
        )
        assert displays(find(project)) == sorted(listing.stdout.splitlines())


class TestLinks:
    def test_a_loop_of_folders_ends(self, project: Path) -> None:
        write(project, "app/a.py")
        (project / "app/again").symlink_to(project / "app")
        (project / "app/up").symlink_to("..")
        assert displays(find(project)) == ["app/a.py"]

    def test_a_loop_up_does_not_make_context_wanted(self, project: Path) -> None:
        write(project, "app/a.py", "other/b.py")
        (project / "app/up").symlink_to("..")
        assert [file.wanted for file in find(project, "app").files] == [True, False]

    def test_two_names_of_one_file_count_once_under_its_own_name(self, project: Path) -> None:
        write(project, "z.py", "b/c.py")
        (project / "a.py").symlink_to("z.py")
        (project / "a").symlink_to("b")
        assert displays(find(project)) == ["b/c.py", "z.py"]

    def test_a_file_is_wanted_under_any_of_its_names(self, project: Path) -> None:
        write(project, "lib/z.py", "lib/y.py", "more/x.py", "app/own.py")
        (project / "app/a.py").symlink_to("../lib/z.py")
        (project / "app/more").symlink_to("../more")
        wanted = [file.display for file in find(project, "app").files if file.wanted]
        assert wanted == ["app/own.py", "lib/z.py", "more/x.py"]

    def test_a_link_to_a_folder_that_is_left_out_is_followed_inside_the_root(self, project: Path) -> None:
        write(project, ".shared/a.py")
        (project / "shared").symlink_to(".shared")
        assert displays(find(project)) == ["shared/a.py"]

    def test_a_link_out_of_the_root_is_not_followed_unless_it_is_named(self, project: Path) -> None:
        write(project.parent, "outside/a.py")
        (project / "out").symlink_to("../outside")
        assert displays(find(project)) == []
        assert displays(find(project, "out")) == ["out/a.py"]

    def test_a_link_to_nothing_is_named_as_a_problem(self, project: Path) -> None:
        write(project, "a.py")
        (project / "b.py").symlink_to("gone.py")
        (project / "c.txt").symlink_to("gone.txt")
        (project / "d.py").symlink_to("d.py")
        found = find(project)
        assert displays(found) == ["a.py"]
        assert [problem.path for problem in found.problems] == ["b.py", "d.py"]
        assert found.problems[0].message == "cannot be read: it is a link that leads to no file"

    def test_a_lock_of_emacs_is_no_problem(self, project: Path) -> None:
        write(project, "a.py")
        (project / ".#a.py").symlink_to("somebody@example.test.123:456")
        found = find(project)
        assert (displays(found), found.problems) == (["a.py"], ())


class TestWhatCannotBeRead:
    def test_a_path_that_does_not_exist_is_one_clear_sentence(self, project: Path) -> None:
        with pytest.raises(SourceError) as caught:
            discover([Path("gone")], root=project, cwd=project, exclude=(), source_roots=None)
        assert caught.value.problem == SourceProblem("gone", "no such file or folder")
        assert str(caught.value) == "gone: no such file or folder"

    def test_a_path_that_is_neither_file_nor_folder_is_refused(self, project: Path) -> None:
        os.mkfifo(project / "pipe.py")
        with pytest.raises(SourceError, match="neither a file nor a folder"):
            find(project, "pipe.py")

    def test_a_pipe_met_on_the_way_is_passed_over(self, project: Path) -> None:
        os.mkfifo(project / "pipe.py")
        assert find(project).files == ()

    def test_a_folder_that_cannot_be_listed_is_named_and_the_rest_goes_on(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(project, "app/a.py", "locked/b.py")
        forbid_listing(monkeypatch, project / "locked")
        found = find(project)
        assert displays(found) == ["app/a.py"]
        assert found.problems == (SourceProblem("locked", "cannot be read: permission denied"),)

    def test_a_named_folder_that_cannot_be_listed_is_an_error(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(project, "locked/b.py")
        forbid_listing(monkeypatch, project / "locked")
        with pytest.raises(SourceError, match="cannot be read: permission denied"):
            find(project, "locked")

    def test_a_file_that_is_gone_by_the_time_it_is_read_is_a_problem(self, project: Path) -> None:
        write(project, "a.py")
        (file,) = find(project).files
        file.path.unlink()
        with pytest.raises(SourceError, match=r"a\.py: cannot be read: no such file"):
            read(file)

    def test_an_ignore_file_that_cannot_be_read_is_named(self, project: Path) -> None:
        write(project, "a.py")
        (project / ".gitignore").mkdir()
        found = find(project)
        assert displays(found) == ["a.py"]
        assert [problem.path for problem in found.problems] == [".gitignore"]

    def test_a_name_that_is_not_utf8_can_be_printed(self, project: Path) -> None:
        try:
            (project / os.fsdecode(b"caf\xe9.py")).write_text("x = 1\n")
        except OSError:
            pytest.skip("this file system takes no such name")
        (file,) = find(project).files
        assert (file.display, file.module) == ("caf�.py", "caf�")
        assert read(file).text == "x = 1\n"


def forbid_listing(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    scandir = os.scandir

    def refusing(path: str) -> Iterator[os.DirEntry[str]]:
        if path == str(folder):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)


class TestModuleNames:
    def test_a_package_at_the_root(self, project: Path) -> None:
        write(project, "bank/__init__.py", "bank/consent.py", "bank/api/__init__.py", "bank/api/v1.py")
        assert modules(find(project)) == {
            "bank/__init__.py": "bank",
            "bank/consent.py": "bank.consent",
            "bank/api/__init__.py": "bank.api",
            "bank/api/v1.py": "bank.api.v1",
        }
        packages = [file.display for file in find(project).files if file.is_package]
        assert packages == ["bank/__init__.py", "bank/api/__init__.py"]

    def test_a_src_layout_names_from_src_and_the_longer_name_is_known(self, project: Path) -> None:
        write(project, "src/bank/__init__.py", "src/bank/a.py")
        files = find(project).files
        assert [file.module for file in files] == ["bank", "bank.a"]
        assert files[1].aliases == ("src.bank.a",)

    def test_a_src_that_is_a_package_is_part_of_the_name(self, project: Path) -> None:
        write(project, "src/__init__.py", "src/a.py")
        assert modules(find(project))["src/a.py"] == "src.a"

    def test_a_lib_inside_a_package_is_part_of_the_name(self, project: Path) -> None:
        write(project, "bank/__init__.py", "bank/lib/a.py", "lib/b.py")
        assert modules(find(project)) == {
            "bank/__init__.py": "bank",
            "bank/lib/a.py": "bank.lib.a",
            "lib/b.py": "b",
        }

    def test_namespace_packages_are_named_from_the_source_root(self, project: Path) -> None:
        write(project, "src/acme/bank/__init__.py", "src/acme/bank/a.py", "apps/clients/__init__.py")
        assert modules(find(project)) == {
            "apps/clients/__init__.py": "apps.clients",
            "src/acme/bank/__init__.py": "acme.bank",
            "src/acme/bank/a.py": "acme.bank.a",
        }

    def test_a_django_project_is_named_from_the_folder_of_manage_py(self, project: Path) -> None:
        write(project, "backend/manage.py", "backend/__init__.py", "backend/clients/__init__.py")
        write(project, "backend/clients/models.py")
        found = modules(find(project))
        assert found["backend/clients/models.py"] == "clients.models"
        assert found["backend/manage.py"] == "manage"

    @pytest.mark.parametrize("marker", ["pyproject.toml", "setup.py", "requirements.txt"])
    def test_a_part_deployed_by_itself_is_a_source_root(self, project: Path, marker: str) -> None:
        write(project, f"services/billing/{marker}", "services/billing/app/a.py", "services/mail/app/a.py")
        found = modules(find(project))
        assert found["services/billing/app/a.py"] == "app.a"
        assert found["services/mail/app/a.py"] == "services.mail.app.a"

    def test_a_setup_py_inside_a_package_is_no_source_root(self, project: Path) -> None:
        write(project, "bank/__init__.py", "bank/fast/__init__.py", "bank/fast/setup.py", "bank/fast/a.py")
        assert modules(find(project))["bank/fast/a.py"] == "bank.fast.a"

    def test_scripts_without_a_package_are_named_from_the_source_root(self, project: Path) -> None:
        write(project, "load.py", "scripts/load.py", "scripts/load-all.v2.py")
        assert modules(find(project)) == {
            "load.py": "load",
            "scripts/load.py": "scripts.load",
            "scripts/load-all.v2.py": "scripts.load-all_v2",
        }

    def test_a_stray_init_at_the_root_changes_no_names(self, project: Path) -> None:
        write(project, "__init__.py", "bank/__init__.py", "src/pay/a.py")
        files = {file.display: file for file in find(project).files}
        assert files["bank/__init__.py"].module == "bank"
        assert files["bank/__init__.py"].aliases == ("shop.bank",)
        assert files["__init__.py"].module == "shop"
        assert files["src/pay/a.py"].module == "pay.a"

    def test_a_package_scanned_from_within_keeps_its_name(self, tmp_path: Path) -> None:
        write(tmp_path, "bank/__init__.py", "bank/api/__init__.py", "bank/api/a.py")
        assert modules(find(tmp_path / "bank/api", cwd=tmp_path))["bank/api/a.py"] == "bank.api.a"
        assert modules(find(tmp_path, "bank/api/a.py")) == {"bank/api/a.py": "bank.api.a"}

    def test_configured_source_roots_overrule_and_the_deepest_counts(self, project: Path) -> None:
        write(project, "src/bank/__init__.py", "tools/py/lib/a.py", "scripts/load.py")
        found = modules(find(project, source_roots=["tools/py", "."]))
        assert found == {
            "src/bank/__init__.py": "src.bank",
            "tools/py/lib/a.py": "lib.a",
            "scripts/load.py": "scripts.load",
        }

    def test_outside_the_configured_source_roots_names_are_found_as_ever(self, project: Path) -> None:
        write(project, "code/bank/__init__.py", "src/pay/__init__.py", "scripts/load.py")
        found = modules(find(project, source_roots=["code"]))
        assert sorted(found.values()) == ["bank", "pay", "scripts.load"]

    def test_a_source_root_that_is_not_there_is_no_problem(self, project: Path) -> None:
        write(project, "a.py")
        assert find(project, source_roots=["scr"]).problems == ()

    def test_a_notebook_has_a_name_too(self, project: Path) -> None:
        write(project, "notebooks/report.ipynb")
        (file,) = find(project).files
        assert (file.module, file.is_notebook) == ("notebooks.report", True)


class TestOneNameTwice:
    def chosen(self, project: Path, *names: str, module: str, paths: Sequence[str] = ()) -> str:
        write(project, *names)
        return by_module(find(project, *paths).files)[module].display

    def test_the_first_by_path_wins(self, project: Path) -> None:
        names = ("lib/bank.py", "src/bank.py")
        assert self.chosen(project, *names, module="bank") == "lib/bank.py"
        assert len(find(project).files) == 2

    def test_the_program_wins_over_its_tests(self, project: Path) -> None:
        names = ("a/tests/manage.py", "a/tests/bank.py", "src/bank.py")
        assert self.chosen(project, *names, module="bank") == "src/bank.py"

    def test_a_wanted_file_wins_over_context(self, project: Path) -> None:
        names = ("lib/bank.py", "src/bank.py")
        assert self.chosen(project, *names, module="bank", paths=["src"]) == "src/bank.py"

    def test_a_module_wins_over_a_notebook_and_a_package_over_a_module(self, project: Path) -> None:
        names = ("bank.ipynb", "bank.py", "bank/__init__.py", "pay.ipynb", "pay.py")
        assert self.chosen(project, *names, module="bank") == "bank/__init__.py"
        assert self.chosen(project, module="pay") == "pay.py"

    def test_a_further_name_yields_to_a_name_proper(self, project: Path) -> None:
        write(project, "src/bank.py", "x/src/bank.py", "x/src/pay.py", "x/setup.py")
        named = by_module(find(project).files)
        assert named["src.bank"].display == "src/bank.py"
        assert named["x.src.pay"].display == "x/src/pay.py"

    def test_the_one_that_does_not_win_has_a_further_name_or_its_path(self, project: Path) -> None:
        write(project, "a/setup.py", "b/setup.py", "a/bank.py", "b/bank.py", "pay.ipynb", "pay.py")
        own = own_names(by_module(find(project).files))
        named = {file.display: name for file, name in own.items()}
        assert named["a/bank.py"] == "bank"
        assert named["b/bank.py"] == "b.bank"
        assert named["pay.ipynb"] == "pay_ipynb"

    def test_names_of_a_project_mean_its_own_modules(self, project: Path) -> None:
        write(project, "a/setup.py", "b/setup.py", "a/bank.py", "b/bank.py", "b/pay.py", "a/bill.py")
        nearer = nearer_names(own_names(by_module(find(project).files)))
        means = {file.display: dict(names) for file, names in nearer.items()}
        assert means["b/pay.py"] == {"setup": "b.setup", "bank": "b.bank"}
        assert "a/bill.py" not in means


def source(path: Path, *, notebook: bool = False) -> SourceFile:
    return SourceFile(path, path.name, path.stem, False, False, True, notebook)


def refusal(data: bytes) -> SourceProblem:
    with pytest.raises(SourceError) as caught:
        decode(data)
    return caught.value.problem


class TestEncodings:
    def test_utf8_is_read_with_and_without_a_mark_or_a_cookie(self) -> None:
        assert decode("имя = 'Әсел'\n".encode()) == "имя = 'Әсел'\n"
        assert decode(b"\xef\xbb\xbfx = 1\n") == "x = 1\n"
        assert decode(b"# coding: utf8\nx = '\xc3\xa9'\n") == "# coding: utf8\nx = 'é'\n"

    def test_a_declared_encoding_is_obeyed(self) -> None:
        assert decode(b"# -*- coding: latin-1 -*-\nx = '\xe9'\n").endswith("x = 'é'\n")
        assert decode(b"#!/usr/bin/python\n# vim: set fileencoding=cp1251 :\nx = '\xc0'\n").endswith(
            "x = 'А'\n"
        )
        assert decode(b"\r# coding: latin-1\rx = '\xe9'\r").endswith("x = 'é'\n")

    @pytest.mark.parametrize(
        "head", [b"\n\n# coding: latin-1\n", b"x = 1\n# coding: latin-1\n", b"x = 'coding: latin-1'\n"]
    )
    def test_a_cookie_out_of_its_place_is_none(self, head: bytes) -> None:
        assert "not UTF-8" in refusal(head + b"y = '\xe9'\n").message

    def test_latin1_without_a_cookie_is_refused_with_its_place_and_what_to_do(self) -> None:
        assert refusal(b"x = 1\r\ny = '\xc3\xa9\xe9'\r\n") == SourceProblem(
            "",
            "has the byte 0xe9 that is not UTF-8: "
            "declare the encoding in the first line, or save it as UTF-8",
            2,
            7,
        )

    def test_a_text_that_is_not_what_it_declares_is_refused(self) -> None:
        problem = refusal(b"# coding: ascii\nx = '\xe9'\n")
        assert (problem.line, problem.column) == (2, 6)
        assert "not ascii, the encoding it declares" in problem.message

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
    def test_wide_encodings_are_refused(self, encoding: str) -> None:
        problem = refusal("x = 1\n".encode(encoding))
        assert "UTF-" in problem.message or "null byte" in problem.message

    def test_utf16_is_named(self) -> None:
        assert refusal("x = 1\n".encode("utf-16")).message == (
            "is encoded in UTF-16, which Python cannot read: save it as UTF-8"
        )
        assert "declares the encoding utf-16" in refusal(b"# coding: utf-16\n").message

    @pytest.mark.parametrize("name", ["klingon", "rot13", "base64", "..", "a" * 300])
    def test_an_encoding_that_is_none_is_refused(self, name: str) -> None:
        assert (
            refusal(f"# coding: {name}\nx = 1\n".encode()).message == f"declares an unknown encoding, {name}"
        )

    @pytest.mark.parametrize("name", ["undefined", "unicode_escape"])
    def test_odd_codecs_do_not_crash_it(self, name: str) -> None:
        assert refusal(f"# coding: {name}\nx = '\\ud800' + {'a' * 80}\n".encode()).message

    def test_a_mark_and_a_cookie_that_disagree_are_refused(self) -> None:
        assert "mark of UTF-8" in refusal(b"\xef\xbb\xbf# coding: latin-1\n").message

    def test_a_null_byte_is_refused_with_its_place(self) -> None:
        assert refusal(b"x = 1\ny = \0\n") == SourceProblem("", "contains a null byte", 2, 5)
        assert decode(b"y = '\\0'\n") == "y = '\\0'\n"

    def test_lines_are_those_of_editors(self) -> None:
        assert decode(b"a\r\nb\rc\n\rd\r\n") == "a\r\nb\nc\n\nd\r\n"
        assert split_lines("a\r\nb\nc") == ["a", "b", "c"]

    def test_form_feeds_and_other_separators_end_no_line(self) -> None:
        assert split_lines("a\x0c\nb\x1c\x85\u2028c\n") == ["a\x0c", "b\x1c\x85\u2028c", ""]

    def test_an_empty_file_is_an_empty_text(self) -> None:
        assert decode(b"") == "" == decode(b"\xef\xbb\xbf")

    def test_the_file_is_named_when_it_cannot_be_decoded(self, tmp_path: Path) -> None:
        (tmp_path / "a.py").write_bytes(b"x = '\xe9'\n")
        with pytest.raises(SourceError, match=r"^a\.py: has the byte 0xe9") as caught:
            read(source(tmp_path / "a.py"))
        assert (caught.value.problem.line, caught.value.problem.column) == (1, 6)

    def test_a_file_of_5_mb_is_read_and_one_over_20_mb_is_too_large(self, tmp_path: Path) -> None:
        path = tmp_path / "generated.py"
        path.write_bytes(b"x = 1\r\n" * 750_000)
        assert len(read(source(path)).text) == 5_250_000
        path.write_bytes(b"#" * 20_000_001)
        with pytest.raises(SourceError, match="is too large: files over 20 MB are not read"):
            read(source(path))


def notebook(*cells: object, **metadata: object) -> bytes:
    return json.dumps({"nbformat": 4, "metadata": metadata, "cells": cells}).encode()


def code(*lines: str) -> dict[str, object]:
    return {"cell_type": "code", "source": [line + "\n" for line in lines[:-1]] + [lines[-1]], "outputs": []}


class TestNotebooks:
    def read(self, tmp_path: Path, data: bytes) -> SourceText:
        path = tmp_path / "report.ipynb"
        path.write_bytes(data)
        return read(source(path, notebook=True))

    def cell(self, tmp_path: Path, *lines: str) -> list[str]:
        text = self.read(tmp_path, notebook(code(*lines))).text
        ast.parse(text)
        result = text.removesuffix("\n").split("\n")
        assert len(result) == len(lines)
        return result

    def test_code_cells_become_one_text_and_lines_lead_back(self, tmp_path: Path) -> None:
        markdown = {"cell_type": "markdown", "source": ["# Title"]}
        text = self.read(
            tmp_path,
            notebook(
                code("a = 1", "b = 2"), markdown, {"cell_type": "code", "source": "c = 3\n"}, code("d = 4")
            ),
        )
        assert text == SourceText("a = 1\nb = 2\nc = 3\nd = 4\n", ((1, 1), (3, 3), (4, 4)))
        assert cell_at(text, 2) == (1, 2)
        assert cell_at(text, 3) == (3, 1)
        assert cell_at(SourceText("x = 1\n"), 1) is None

    def test_an_empty_cell_keeps_its_line(self, tmp_path: Path) -> None:
        empty = {"cell_type": "code", "source": []}
        assert self.read(tmp_path, notebook(empty, code("a = 1"))) == SourceText(
            "\na = 1\n", ((1, 1), (2, 2))
        )

    @pytest.mark.parametrize(
        "line", ["%matplotlib inline", "!pip install six", "?len", "len?", "frame.head??"]
    )
    def test_magics_are_put_out_of_force(self, tmp_path: Path, line: str) -> None:
        assert self.cell(tmp_path, "a = 1", line, "b = 2") == ["a = 1", "pass  # " + line, "b = 2"]

    def test_a_magic_alone_in_a_block_leaves_the_block_whole(self, tmp_path: Path) -> None:
        assert self.cell(tmp_path, "if a:", "    !ls", "b = 2") == ["if a:", "    pass  # !ls", "b = 2"]

    def test_a_magic_over_several_lines_is_put_out_of_force_whole(self, tmp_path: Path) -> None:
        assert self.cell(tmp_path, "!pip install \\", "  six", "b = 2")[1:] == ["#   six", "b = 2"]

    def test_what_a_magic_gives_is_a_call(self, tmp_path: Path) -> None:
        assert self.cell(tmp_path, "files = !ls", "rows = %sql SELECT 'x'") == [
            "files = get_ipython().getoutput('ls')",
            "rows = get_ipython().run_line_magic(\"sql SELECT 'x'\")",
        ]

    def test_timed_code_stays_code(self, tmp_path: Path) -> None:
        assert self.cell(tmp_path, "%time a = load()", "%timeit -n 10 load()", "!ls") == [
            "a = load()",
            "load()",
            "pass  # !ls",
        ]

    def test_a_cell_of_another_language_is_a_comment(self, tmp_path: Path) -> None:
        assert self.cell(tmp_path, "%%bash", "if [ -f x ]; then", "fi") == [
            "# %%bash",
            "# if [ -f x ]; then",
            "# fi",
        ]

    def test_a_cell_that_is_timed_is_still_python(self, tmp_path: Path) -> None:
        assert self.cell(tmp_path, "%%time", "a = 1", "!ls") == ["# %%time", "a = 1", "pass  # !ls"]

    @pytest.mark.parametrize(
        "lines",
        [
            ("a = ('%s'", "     % b)"),
            ('a = """', "%matplotlib inline", "!ls", '"""'),
            ("a = 1 \\", "  % 2"),
            ("a = b != c", "d = '?'", "# why?"),
        ],
    )
    def test_what_only_looks_like_a_magic_stays(self, tmp_path: Path, lines: tuple[str, ...]) -> None:
        assert self.cell(tmp_path, *lines) == list(lines)
        # And beside a true one, where the cell as it stands is not Python.
        assert self.cell(tmp_path, "%who", *lines) == ["pass  # %who", *lines]

    def test_the_older_format_is_read(self, tmp_path: Path) -> None:
        old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["a = 1\n", "b = 2"]}]}]}
        assert self.read(tmp_path, json.dumps(old).encode()).text == "a = 1\nb = 2\n"

    def test_a_notebook_of_another_language_has_no_text(self, tmp_path: Path) -> None:
        data = notebook(code("a <- 1"), language_info={"name": "R"})
        assert self.read(tmp_path, data) == SourceText("")
        assert (
            self.read(tmp_path, notebook(code("a = 1"), kernelspec={"language": "python"})).text == "a = 1\n"
        )

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"{",
            b"[]",
            b'{"cells": 1}',
            b'{"cells": [{"source": 1}]}',
            b'{"cells": "\xe9"}',
            "{}".encode("utf-16"),
            b'{"other": ' + b"[" * 100_000,
        ],
    )
    def test_a_broken_notebook_is_one_sentence(self, tmp_path: Path, data: bytes) -> None:
        with pytest.raises(SourceError) as caught:
            self.read(tmp_path, data)
        problem = caught.value.problem
        assert problem.path == "report.ipynb"
        assert problem.message.startswith("is not a notebook")
        assert "\n" not in problem.message

    def test_half_a_character_in_an_output_that_was_cut_short_does_no_harm(self, tmp_path: Path) -> None:
        data = (
            rb'{"cells": [{"cell_type": "code", "outputs": ["\ud83d"],'
            rb' "source": "a = \"\ud83d\ude00 \ud83d \\ud83d\""}]}'
        )
        assert self.read(tmp_path, data).text == 'a = "😀 \ufffd \\ud83d"\n'
