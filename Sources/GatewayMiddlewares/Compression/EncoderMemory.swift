#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Memory that the encoders of one event loop reuse. The tables of a context are so large that the allocator would
/// return them to the system and fetch empty pages each time.
final class EncoderMemory {
    /// Precedes each block, and keeps it aligned for any type.
    private static let headerSize = 16

    private let limit: Int
    private var kept: [UnsafeMutableRawPointer] = []
    private var bytesKept = 0
    /// The bytes in use by encoders.
    private(set) var bytesInUse = 0

    /// - Parameter limit: the maximum number of unused bytes that are kept.
    init(keeping limit: Int) { self.limit = limit }

    deinit { for block in self.kept { Self.release(block) } }

    /// For the library's callbacks, which pass a pointer through.
    static func of(_ opaque: UnsafeMutableRawPointer?) -> EncoderMemory? {
        opaque.map { Unmanaged<EncoderMemory>.fromOpaque($0).takeUnretainedValue() }
    }

    func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
        // The block that was freed last is most likely still in the cache.
        let fitting = self.kept.lastIndex { block in
            let capacity = Self.size(of: block)
            return capacity >= size && capacity <= size * 2
        }
        if let fitting {
            let block = self.kept.remove(at: fitting)
            self.bytesKept -= Self.size(of: block)
            self.bytesInUse += Self.size(of: block)
            return block
        }
        guard size > 0, size < Int.max - Self.headerSize, let header = malloc(Self.headerSize + size) else {
            return nil
        }
        header.storeBytes(of: size, as: Int.self)
        self.bytesInUse += size
        return header + Self.headerSize
    }

    func free(_ block: UnsafeMutableRawPointer?) {
        guard let block else { return }
        let size = Self.size(of: block)
        self.bytesInUse -= size
        guard self.bytesKept + size <= self.limit else { return Self.release(block) }
        self.kept.append(block)
        self.bytesKept += size
    }

    private static func size(of block: UnsafeMutableRawPointer) -> Int {
        (block - self.headerSize).load(as: Int.self)
    }

    private static func release(_ block: UnsafeMutableRawPointer) {
        #if canImport(Glibc)
            Glibc.free(block - self.headerSize)
        #elseif canImport(Musl)
            Musl.free(block - self.headerSize)
        #else
            Darwin.free(block - self.headerSize)
        #endif
    }
}

@available(*, unavailable)
extension EncoderMemory: Sendable {}
