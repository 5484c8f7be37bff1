"""What officers say to each other: requests, steps, the life of a case and its clocks."""
