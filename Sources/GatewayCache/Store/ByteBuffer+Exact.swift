@_spi(CustomByteBufferAllocator) package import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension ByteBuffer {
    /// Creates an empty buffer with room for exactly so many bytes, for what is kept for long.
    ///
    /// The allocator of NIO rounds sizes up to a power of two, which would be a third of the memory of a cache.
    package init(exactCapacity capacity: Int) {
        guard capacity > 0, let memory = malloc(capacity) else {
            self.init()
            return
        }
        self.init(
            takingOwnershipOf: UnsafeMutableRawBufferPointer(start: memory, count: capacity),
            allocator: ByteBufferAllocator(),
            readerIndex: 0,
            writerIndex: 0
        )
    }

    /// The same bytes in memory of exactly their size, which nothing else shares.
    package var exact: ByteBuffer {
        guard self.storageCapacity != self.readableBytes else { return self }
        var copy = ByteBuffer(exactCapacity: self.readableBytes)
        copy.writeImmutableBuffer(self)
        return copy
    }
}
