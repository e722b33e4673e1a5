import NIOCore

/// An object of one event loop among those that all of them share.
final class LoopBound<Value>: Sendable {
    private let bound: NIOLoopBound<Value>

    /// Call it on the event loop.
    init(_ value: Value, on eventLoop: any EventLoop) { self.bound = NIOLoopBound(value, eventLoop: eventLoop) }

    /// The object. Read it on the event loop only.
    var value: Value { self.bound.value }
}
