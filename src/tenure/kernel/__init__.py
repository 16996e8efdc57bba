"""Values that every room speaks: errors, issues, estimates, business calendars, the clock.

Enters: nothing but the standard library. Leaves: small frozen values without I/O.
"""

from tenure.kernel.calendars import Calendar, PeriodUnit
from tenure.kernel.clock import Clock, system_clock
from tenure.kernel.errors import (
    DataError,
    DefinitionError,
    EngineError,
    LakeError,
    MappingError,
    OptionError,
    QuestionError,
    RecordsBusyError,
    RecordsError,
    SettingError,
    SourceError,
    TenureError,
    WorkspaceBusyError,
    WorkspaceError,
)
from tenure.kernel.estimates import Estimate, Undefined, wilson_interval
from tenure.kernel.issues import Issue, Severity
from tenure.kernel.progress import Progress, ProgressSink, silent

__all__ = [
    "Calendar",
    "Clock",
    "DataError",
    "DefinitionError",
    "EngineError",
    "Estimate",
    "Issue",
    "LakeError",
    "MappingError",
    "OptionError",
    "PeriodUnit",
    "Progress",
    "ProgressSink",
    "QuestionError",
    "RecordsBusyError",
    "RecordsError",
    "SettingError",
    "Severity",
    "SourceError",
    "TenureError",
    "Undefined",
    "WorkspaceBusyError",
    "WorkspaceError",
    "silent",
    "system_clock",
    "wilson_interval",
]
