package import GatewayHTTP
package import NIOCore

/// What a key of the second tier holds.
///
/// The bytes begin with a mark, the version and a checksum. Whatever does not decode completely is as good as absent: damaged
/// bytes, another version, and values that somebody else wrote.
package enum StoredValue: Sendable {
    case response(StoredValue.Response)
    /// The selecting fields of the newest response (RFC 9111 section 4.1). The response is under the key of its variant.
    case selection([String])
}

extension StoredValue {
    /// A response, with all times as durations, since gateways may have different clocks.
    package struct Response: Sendable {
        /// The last purge that its gateway knew when it sent the request.
        package var seen: TierStamp
        /// How long the server keeps the value, in milliseconds from when it was written. What is left of it shows how long
        /// ago that was, by the server's clock alone.
        package var kept: Int64
        package var route: String
        package var url: String
        /// What the request selected by (``Variant``), which the request that reads it must match.
        package var variant: [UInt8]
        package var tags: [String]
        package var status: Int
        package var fields: PreparedFields
        package var lifetime: StoredLifetime
        package var body: ByteBuffer

        package init(
            seen: TierStamp,
            kept: Int64,
            route: String,
            url: String,
            variant: [UInt8],
            tags: [String],
            status: Int,
            fields: PreparedFields,
            lifetime: StoredLifetime,
            body: ByteBuffer
        ) {
            self.seen = seen
            self.kept = kept
            self.route = route
            self.url = url
            self.variant = variant
            self.tags = tags
            self.status = status
            self.fields = fields
            self.lifetime = lifetime
            self.body = body
        }
    }
}

// MARK: Bytes

extension StoredValue {
    /// Changes with every change of the format.
    private static let version: UInt8 = 1
    private static let mark: [UInt8] = Array("gwc".utf8)

    /// The bytes to store.
    package func encoded() -> ByteBuffer {
        switch self {
        case .selection(let names):
            return Self.sealed(room: 128) { bytes in
                bytes.writeInteger(Kind.selection.rawValue)
                bytes.writeList(names)
            }
        case .response(let response):
            let head = response.fields.bytes.readableBytes + response.url.utf8.count + response.variant.count
            return Self.sealed(room: head + response.body.readableBytes + 512) { bytes in
                bytes.writeInteger(Kind.response.rawValue)
                response.write(to: &bytes)
            }
        }
    }

    /// Puts the mark, the version and the checksum in front of what `write` writes.
    package static func sealed(room: Int, _ write: (inout ByteBuffer) -> Void) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(room)
        bytes.writeBytes(Self.mark)
        bytes.writeInteger(Self.version)
        let checksum = bytes.writerIndex
        bytes.writeInteger(0, as: UInt64.self)
        let contents = bytes.writerIndex
        write(&bytes)
        let sum = bytes.withUnsafeReadableBytes { ValueChecksum.of(UnsafeRawBufferPointer(rebasing: $0[contents...])) }
        bytes.setInteger(sum, at: checksum)
        return bytes
    }

    /// Reads stored bytes. Nil if they are damaged, of another version, or no value at all.
    package init?(_ bytes: ByteBuffer) {
        var bytes = bytes
        guard bytes.readBytes(length: Self.mark.count) == Self.mark, bytes.readInteger() == Self.version else {
            return nil
        }
        guard let checksum = bytes.readInteger(as: UInt64.self) else { return nil }
        guard bytes.withUnsafeReadableBytes(ValueChecksum.of) == checksum else { return nil }
        guard let kind = bytes.readInteger().flatMap(Kind.init(rawValue:)) else { return nil }
        switch kind {
        case .selection:
            guard let names = bytes.readList(), !names.isEmpty, bytes.readableBytes == 0 else { return nil }
            guard names.allSatisfy({ HeaderName(validating: $0) != nil }) else { return nil }
            self = .selection(names)
        case .response:
            guard let response = Response(&bytes) else { return nil }
            self = .response(response)
        }
    }

    private enum Kind: UInt8 {
        case response = 1
        case selection = 2
    }
}

extension StoredValue.Response {
    fileprivate func write(to bytes: inout ByteBuffer) {
        bytes.writeInteger(self.seen.rawValue)
        bytes.writeInteger(self.kept)
        bytes.writeInteger(UInt16(clamping: self.status))
        self.lifetime.write(to: &bytes)
        bytes.writeText(self.route)
        bytes.writeText(self.url)
        bytes.writeSized(self.variant)
        bytes.writeList(self.tags)
        bytes.writeFieldList(self.fields)
        bytes.writeImmutableBuffer(self.body)
    }

    fileprivate init?(_ bytes: inout ByteBuffer) {
        guard let seen = bytes.readInteger(as: UInt64.self) else { return nil }
        guard let kept = bytes.readInteger(as: Int64.self), kept > 0, kept < Self.longestKept else { return nil }
        guard let status = bytes.readInteger(as: UInt16.self), 200...599 ~= status, status != 206, status != 304 else {
            return nil
        }
        guard let lifetime = StoredLifetime(&bytes) else { return nil }
        guard let route = bytes.readText(), let url = bytes.readText(), let variant = bytes.readSized() else {
            return nil
        }
        guard let tags = bytes.readList(), let fields = bytes.readFieldList() else { return nil }
        self.init(
            seen: TierStamp(rawValue: seen),
            kept: kept,
            route: route,
            url: url,
            variant: variant,
            tags: tags,
            status: Int(status),
            fields: fields,
            lifetime: lifetime,
            body: ByteBuffer(bytes: bytes.readableBytesView)
        )
    }

    /// Ten years in milliseconds.
    private static let longestKept: Int64 = 315_360_000_000
}
