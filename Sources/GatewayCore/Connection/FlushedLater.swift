/// A connection whose output is sent once in a turn of the event loop, for all of its streams.
protocol FlushedLater: AnyObject {
    /// Whether the output was not flushed since it asked for it.
    var isFlushScheduled: Bool { get }
    func flushNow()
}
