"""Windows Firewall: its rules as the registry, netsh and PowerShell tell them, and the commands that change them.

The registry's strings say everything and are never translated; netsh speaks the machine's language and hides programs
unless it is asked with `verbose`; PowerShell's objects hold a rule in pieces. All become the same `WindowsRule`.
"""
