"""The application: moves values between people, machines and countries."""
