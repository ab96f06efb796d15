"""Write the reports that a person reads: of an audit, and of a repair."""

from __future__ import annotations

from .audit_reports import audit_report
from .repair_reports import repair_report
from .report_forms import Report

__all__ = ["Report", "audit_report", "repair_report"]
