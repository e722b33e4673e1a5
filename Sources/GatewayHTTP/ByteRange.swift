/// A range of a buffer, by position. The building block of an index over received bytes.
@usableFromInline
package struct ByteRange: Hashable, Sendable {
    private var _offset: UInt32
    private var _count: UInt32

    package init(offset: Int, count: Int) {
        self._offset = UInt32(truncatingIfNeeded: offset)
        self._count = UInt32(truncatingIfNeeded: count)
    }

    package static let empty = ByteRange(offset: 0, count: 0)

    @usableFromInline
    package var offset: Int { Int(self._offset) }
    package var count: Int { Int(self._count) }

    @usableFromInline
    package var end: Int { self.offset &+ self.count }
    package var isEmpty: Bool { self._count == 0 }

    package mutating func move(by distance: Int) { self._offset &+= UInt32(truncatingIfNeeded: distance) }
}
