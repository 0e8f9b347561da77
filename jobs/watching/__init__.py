"""What looks at the raw folders, and the demo night that fills one."""
