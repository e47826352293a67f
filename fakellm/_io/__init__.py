"""The world: transports that play an engine's answers, and the interception of every client in the process."""
