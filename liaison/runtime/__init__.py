"""What every app stands on: clock, database, web, scheduler, logs."""
