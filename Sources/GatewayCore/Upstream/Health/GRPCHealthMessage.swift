import NIOCore

/// The messages of `grpc.health.v1.Health/Check`, in the encoding of Protocol Buffers, each with the prefix that gRPC puts
/// before a message: a byte for compression and the length.
enum GRPCHealthMessage {
    /// The status of a service.
    enum ServingStatus: UInt64 {
        case unknown, serving, notServing, serviceUnknown

        var name: String {
            switch self {
            case .unknown: "UNKNOWN"
            case .serving: "SERVING"
            case .notServing: "NOT_SERVING"
            case .serviceUnknown: "SERVICE_UNKNOWN"
            }
        }
    }

    /// The length of the prefix.
    private static let prefix = 5
    /// No response is nearly as long.
    static let longest = 4096

    /// Returns a `HealthCheckRequest`.
    static func request(for service: String) -> ByteBuffer {
        var message = ByteBuffer()
        if !service.isEmpty {
            // Field 1, with a length.
            message.writeInteger(UInt8(0x0A))
            message.writeVarint(UInt64(service.utf8.count))
            message.writeString(service)
        }
        var bytes = ByteBuffer()
        bytes.writeInteger(UInt8(0))
        bytes.writeInteger(UInt32(message.readableBytes))
        bytes.writeBuffer(&message)
        return bytes
    }

    /// Reads a `HealthCheckResponse`. Returns nil if it is malformed, compressed, or of an unknown status.
    static func status(_ response: ByteBuffer) -> ServingStatus? {
        var bytes = response
        guard bytes.readInteger(as: UInt8.self) == 0, let length = bytes.readInteger(as: UInt32.self),
            Int(length) == bytes.readableBytes
        else { return nil }
        // Fields with the default value are not sent.
        var status: UInt64 = 0
        while bytes.readableBytes > 0 {
            guard let tag = bytes.readVarint() else { return nil }
            switch tag & 7 {
            case 0:
                guard let value = bytes.readVarint() else { return nil }
                if tag >> 3 == 1 { status = value }
            case 1: guard bytes.skip(8) else { return nil }
            case 2: guard let length = bytes.readVarint(), bytes.skip(length) else { return nil }
            case 5: guard bytes.skip(4) else { return nil }
            default: return nil
            }
        }
        return ServingStatus(rawValue: status)
    }
}

extension ByteBuffer {
    fileprivate mutating func writeVarint(_ number: UInt64) {
        var rest = number
        while rest > 0x7F {
            self.writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        self.writeInteger(UInt8(rest))
    }

    fileprivate mutating func readVarint() -> UInt64? {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = self.readInteger(as: UInt8.self) else { return nil }
            number |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return number }
        }
        return nil
    }

    /// Returns false if there are fewer bytes.
    fileprivate mutating func skip(_ count: UInt64) -> Bool {
        guard count <= UInt64(self.readableBytes) else { return false }
        self.moveReaderIndex(forwardBy: Int(count))
        return true
    }
}
