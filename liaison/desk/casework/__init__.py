"""Cases at this desk: held, written, released, shown, and what falls due in them."""
