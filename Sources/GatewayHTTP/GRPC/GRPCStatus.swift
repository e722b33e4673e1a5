/// A status code of gRPC, which says how a call ended.
package enum GRPCStatus: UInt8, CaseIterable, Sendable {
    case ok, cancelled, unknown, invalidArgument, deadlineExceeded, notFound, alreadyExists, permissionDenied
    case resourceExhausted, failedPrecondition, aborted, outOfRange, unimplemented, `internal`, unavailable, dataLoss
    case unauthenticated

    /// The status of a gateway's response with an HTTP status from 400 on.
    package init(httpStatus: Int) {
        switch httpStatus {
        case 400, 422: self = .invalidArgument
        case 401: self = .unauthenticated
        case 403: self = .permissionDenied
        case 404, 405, 501: self = .unimplemented
        case 408, 504: self = .deadlineExceeded
        case 409: self = .aborted
        case 412: self = .failedPrecondition
        case 413, 414, 429, 431: self = .resourceExhausted
        case 499: self = .cancelled
        case 500: self = .internal
        case 502, 503: self = .unavailable
        default: self = .unknown
        }
    }

    /// Reads the value of `grpc-status`, or returns nil if it is none of the known codes.
    package init?(_ value: UnsafeRawBufferPointer) {
        guard 1...2 ~= value.count else { return nil }
        var number: UInt8 = 0
        for digit in value {
            guard digit &- UInt8(ascii: "0") < 10 else { return nil }
            number = number * 10 + (digit - UInt8(ascii: "0"))
        }
        self.init(rawValue: number)
    }

    /// Whether the server is to blame, and not the call (OpenTelemetry's conventions for gRPC servers).
    package var isServerError: Bool {
        switch self {
        case .unknown, .deadlineExceeded, .unimplemented, .internal, .unavailable, .dataLoss: true
        case .ok, .cancelled, .invalidArgument, .notFound, .alreadyExists, .permissionDenied, .resourceExhausted,
            .failedPrecondition, .aborted, .outOfRange, .unauthenticated:
            false
        }
    }

    package static let field = HeaderName("grpc-status")
    package static let messageField = HeaderName("grpc-message")
    package static let pushbackField = HeaderName("grpc-retry-pushback-ms")
}

extension HeaderBlock {
    /// The value of `grpc-status`: nil if there is none, `.some(nil)` if it is none of the known codes.
    package var grpcStatus: GRPCStatus?? {
        self.first(GRPCStatus.field).map { self.withBytes($0) { GRPCStatus($0) } }
    }

    /// Adds `grpc-status` and `grpc-message`.
    package mutating func add(_ status: GRPCStatus, message: some Collection<UInt8>) {
        self.add(GRPCStatus.field) { $0.write(decimal: Int(status.rawValue)) }
        guard !message.isEmpty else { return }
        self.add(GRPCStatus.messageField, room: message.count * 3) { $0.write(grpcMessage: message) }
    }
}

extension HeadWriter {
    /// Writes a message in the percent-encoding of gRPC: all but visible ASCII characters and spaces, and the percent
    /// sign, are encoded.
    package mutating func write(grpcMessage message: some Collection<UInt8>) {
        for byte in message {
            if 0x20...0x7E ~= byte, byte != UInt8(ascii: "%") {
                self.write(byte)
            } else {
                self.write(UInt8(ascii: "%"))
                self.write(Self.hexadecimalDigit(byte >> 4))
                self.write(Self.hexadecimalDigit(byte & 15))
            }
        }
    }

    private static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
    }
}
