"""What an administrator needs: the doctor, metrics, structured logs, backup and restore."""
