"""The desk's screens: pages made on the desk itself, which hold no key and store nothing."""
