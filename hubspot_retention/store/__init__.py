"""The service's own database: plans, holds, requests, what earlier runs noted, and the audit log."""
