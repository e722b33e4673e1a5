#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Memory that encoders have used and others will use, on one event loop: a context's tables are large enough that the
/// system would take them back and hand out empty pages each time.
final class EncoderMemory {
    /// Lies before each block, and leaves it aligned for anything.
    private static let headerSize = 16

    private let limit: Int
    private var kept: [UnsafeMutableRawPointer] = []
    private var bytesKept = 0
    /// What encoders hold now.
    private(set) var bytesInUse = 0

    /// - Parameter limit: how many bytes are kept at most while nobody uses them.
    init(keeping limit: Int) { self.limit = limit }

    deinit { for block in self.kept { Self.release(block) } }

    /// For a library's callbacks, which carry a pointer along.
    static func of(_ opaque: UnsafeMutableRawPointer?) -> EncoderMemory? {
        opaque.map { Unmanaged<EncoderMemory>.fromOpaque($0).takeUnretainedValue() }
    }

    func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
        // The last one freed is the one whose pages are still near.
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
