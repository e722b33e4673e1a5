package import GatewayHTTP

/// What a policy requires of the frames that one side sends.
package struct WebSocketRules: Hashable, Sendable {
    /// Whether frames have to be masked, or else must not be (RFC 6455 section 5.1).
    package var isMasked: Bool
    /// The maximum size of a message: the payloads of all its frames, as sent.
    package var maxMessage: UInt64
    /// The extensions that both ends agreed on.
    package var extensions: WebSocketExtensions

    package init(isMasked: Bool, maxMessage: UInt64, extensions: WebSocketExtensions = WebSocketExtensions()) {
        self.isMasked = isMasked
        self.maxMessage = maxMessage
        self.extensions = extensions
    }
}

/// What the extensions of a WebSocket mean for who inspects its frames. `Sec-WebSocket-Extensions` of the 101 response
/// names them (RFC 6455 section 9.1).
package struct WebSocketExtensions: Hashable, Sendable {
    package static let name = HeaderName("Sec-WebSocket-Extensions")

    /// Whether the first reserved bit marks compressed messages (RFC 7692 section 6).
    package var compresses = false
    /// Whether there is an extension that the gateway does not know, so that any reserved bit may be set, and payloads
    /// may have any form.
    package var areUnknown = false

    package init() {}

    package init(in response: borrowing HeaderBlock) {
        for field in response.fields where response.matches(field, Self.name) {
            response.withBytes(field.value) { value in
                FieldList.forEachMember(of: value) { member in
                    let end = member.firstIndex { $0 == UInt8(ascii: ";") || $0 == 0x20 || $0 == 0x09 } ?? member.count
                    let name = UnsafeRawBufferPointer(rebasing: member[..<end])
                    if ByteClass.equalsIgnoringCase(name, UnsafeRawBufferPointer("permessage-deflate" as StaticString))
                    {
                        self.compresses = true
                    } else {
                        self.areUnknown = true
                    }
                }
            }
        }
    }

    /// Returns whether a frame may have its reserved bits.
    ///
    /// - Parameter beginsMessage: Whether it is the first frame of a message.
    func allow(_ reserved: UInt8, beginsMessage: Bool) -> Bool {
        reserved == 0 || self.areUnknown || self.compresses && beginsMessage && reserved == 4
    }
}
