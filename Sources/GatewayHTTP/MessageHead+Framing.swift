// The checks that turn indexed fields into a head, independent of the HTTP version.

extension RequestHead {
    /// Evaluates `Host` (RFC 9112 section 3.2) and the body length (section 6.3), in one pass over the fields.
    package mutating func frame(authority: ByteRange?) throws(MessageError) {
        var framing = FramingFields(minorVersion: self.minorVersion)
        var host: Int?
        self.expectsContinue = false
        for index in self.headers.fields.indices {
            let field = self.headers.fields[index]
            switch field.id {
            case .host:
                guard host == nil else { throw .malformed("more than one Host") }
                guard self.headers.withBytes(field.value, ByteClass.isAuthority) else { throw .malformed("Host") }
                host = index
            case .contentLength, .transferEncoding, .connection: try framing.read(at: index, of: &self.headers)
            case .expect:
                // An HTTP/1.0 client cannot wait for 100 (Continue) (RFC 9110 section 10.1.1).
                if self.minorVersion > 0, self.headers.equals(field.value, "100-continue") {
                    self.expectsContinue = true
                }
            default: break
            }
        }
        guard host != nil || self.minorVersion == 0 else { throw .malformed("no Host") }
        // The authority of an absolute target replaces `Host` (RFC 9112 section 3.2.2).
        if let host, let authority { self.headers.replaceValue(at: host, with: authority) }
        self.host = authority ?? host.map { self.headers.fields[$0].value } ?? .empty
        self.framing = try framing.declared() ?? .none
        self.keepAlive = framing.keepAlive
        self.connectionNamesFields = framing.namesFields
        if self.framing.isEmpty { self.expectsContinue = false }
    }
}

extension ResponseHead {
    /// Determines the body length for a status and a method (RFC 9112 section 6.3).
    package mutating func frame(answering method: Method) throws(MessageError) {
        var framing = FramingFields(minorVersion: self.minorVersion)
        for index in self.headers.fields.indices {
            switch self.headers.fields[index].id {
            case .contentLength, .transferEncoding, .connection: try framing.read(at: index, of: &self.headers)
            default: break
            }
        }
        let declared = try framing.declared()
        self.keepAlive = framing.keepAlive
        self.connectionNamesFields = framing.namesFields
        if method == .head || self.status == 304 {
            self.framing = .none
        } else if self.status < 200 || self.status == 204 {
            self.framing = .none
            // RFC 9112 section 6.1 and RFC 9110 section 8.6 forbid declaring a body here, so it is unclear whether
            // one follows.
            if let declared, declared != .none { self.keepAlive = false }
        } else if let declared {
            self.framing = declared
        } else {
            self.framing = .untilClose
            self.keepAlive = false
        }
    }
}
