"""The error tree: every failure Tenure raises on purpose, with a stable code.

    TenureError                       tenure_error
    ├── SettingError                  bad_setting
    ├── WorkspaceError                bad_workspace
    │   └── WorkspaceBusyError        workspace_busy
    ├── LakeError                     bad_lake
    ├── RecordsError                  bad_records
    │   └── RecordsBusyError          records_busy
    ├── EngineError                   no_engine
    ├── SourceError                   unreadable_source
    ├── MappingError                  bad_mapping
    │   └── QuestionError             needs_answer
    ├── DataError                     bad_data
    ├── OptionError                   bad_option
    └── DefinitionError               bad_definition

A message always says what was given, what was expected and what to do.
"""

from __future__ import annotations

from typing import ClassVar

from tenure.kernel.issues import Issue


class TenureError(Exception):
    """The root of every error that Tenure raises on purpose.

    Parameters
    ----------
    given : what was found, with its value.
    expected : what would have been right.
    remedy : what the person can do now, as an imperative.
    """

    code: ClassVar[str] = "tenure_error"
    exit_code: ClassVar[int] = 1

    def __init__(self, given: str, expected: str, remedy: str) -> None:
        super().__init__(given, expected, remedy)
        self.given = given
        self.expected = expected
        self.remedy = remedy

    def __str__(self) -> str:
        return f"given: {self.given}; expected: {self.expected}; to do: {self.remedy}"

    def as_dict(self) -> dict[str, str]:
        """Return the error for programs: `code`, `given`, `expected`, `remedy`."""
        return {
            "code": self.code,
            "given": self.given,
            "expected": self.expected,
            "remedy": self.remedy,
        }


class SettingError(TenureError):
    """A value in `tenure.toml` or the environment is unknown or out of range."""

    code = "bad_setting"
    exit_code = 2


class WorkspaceError(TenureError):
    """The folder is not a workspace, or not one this version can use."""

    code = "bad_workspace"
    exit_code = 2


class WorkspaceBusyError(WorkspaceError):
    """Another process held the workspace's write lock for too long."""

    code = "workspace_busy"
    exit_code = 3


class LakeError(TenureError):
    """The lake on disk is damaged or was changed from outside."""

    code = "bad_lake"
    exit_code = 3


class RecordsError(TenureError):
    """The database of records cannot be reached, is not ours, or refuses what was written."""

    code = "bad_records"
    exit_code = 3


class RecordsBusyError(RecordsError):
    """Another process held the database of records for too long."""

    code = "records_busy"
    exit_code = 3


class EngineError(TenureError):
    """What the engine needs is missing, or it cannot be started or reached."""

    code = "no_engine"
    exit_code = 3


class SourceError(TenureError):
    """A file, sheet, table or query cannot be read at all."""

    code = "unreadable_source"
    exit_code = 4


class MappingError(TenureError):
    """A column mapping names a column or role that does not exist."""

    code = "bad_mapping"
    exit_code = 4


class QuestionError(MappingError):
    """The data allow two readings and only a person can choose; nothing was imported.

    Parameters
    ----------
    questions : one mapping per open question with the keys `code`, `column`, `given`,
        `expected`, `remedy`.
    """

    code = "needs_answer"
    exit_code = 5

    def __init__(
        self,
        given: str,
        expected: str,
        remedy: str,
        questions: tuple[dict[str, str], ...] = (),
    ) -> None:
        super().__init__(given, expected, remedy)
        self.questions = questions


class DataError(TenureError):
    """A table handed to a library function lacks a column or has a wrong type."""

    code = "bad_data"
    exit_code = 4


class OptionError(TenureError):
    """An argument or a command-line option is out of its range."""

    code = "bad_option"
    exit_code = 2


class DefinitionError(TenureError):
    """A definition in YAML (segment, quality rule, mapping, strategy) is not valid.

    Parameters
    ----------
    issues : every fault with its line, where the whole text was checked; else empty.
    """

    code = "bad_definition"
    exit_code = 2

    def __init__(
        self, given: str, expected: str, remedy: str, issues: tuple[Issue, ...] = ()
    ) -> None:
        super().__init__(given, expected, remedy)
        self.issues = issues
