import Testing

/// All tests over sockets. One at a time: they watch clocks and memory, and each brings threads of its own.
@Suite(.serialized) enum EndToEnd {}
