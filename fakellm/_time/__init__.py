"""Virtual time: event loops, timers and sleeps that take no time."""
