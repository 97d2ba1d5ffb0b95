"""What runs under the Windows Python is no module of this one."""

collect_ignore = ["caller.py"]
