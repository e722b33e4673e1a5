import Testing

/// All tests that use sockets. They run one at a time, because they measure time and memory and start threads.
@Suite(.serialized) enum EndToEnd {}
