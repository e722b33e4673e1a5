package import GatewayHTTP

/// Decides what pages of other origins may do on a route (CORS, sections 3.3 and 4.8 to 4.10 of the Fetch standard).
struct CORSPolicy {
    let origins: [OriginPattern]
    let methods: [[UInt8]]
    /// In lower case, without `*`.
    let headers: [[UInt8]]
    /// Whether `headers` has `*`: any field, except for `Authorization`, which must be named.
    let allowsAnyHeader: Bool
    let credentials: Bool

    init(_ config: CORSMiddleware.Config) {
        self.origins = config.origins.compactMap { try? OriginPattern($0) }
        self.methods = config.methods.map { Array($0.utf8) }
        self.headers = config.headers.filter { $0 != "*" }.map { Array($0.lowercased().utf8) }
        self.allowsAnyHeader = config.headers.contains("*")
        self.credentials = config.credentials
    }

    /// Whether any page may read responses, so that they are the same for all origins.
    var allowsAnyOrigin: Bool { !self.credentials && self.origins.contains { $0.isAny } }

    // MARK: Origins

    /// Returns the index of the pattern that allows the origin of a request and the range of the origin. Returns nil
    /// if there is none, or more than one `Origin`.
    func allowedOrigin(in headers: borrowing HeaderBlock) -> (index: Int, range: ByteRange)? {
        guard headers.present.contains(.origin) else { return nil }
        var value: ByteRange?
        for field in headers.fields where field.id == .origin {
            guard value == nil else { return nil }
            value = field.value
        }
        guard let range = value else { return nil }
        return headers.withBytes(range) { origin in
            for index in self.origins.indices where self.origins[index].matches(origin) { return (index, range) }
            return nil
        }
    }

    // MARK: Preflights

    enum OnPreflight: Hashable {
        /// The browser may send the request.
        case allowed(origin: ByteRange)
        case refused(Refusal)
    }

    enum Refusal: Hashable {
        case origin
        case method
        /// The name of the field as the browser sent it; empty if it is none.
        case header(String)
    }

    /// Decides on a preflight: an OPTIONS request with `Origin` and `Access-Control-Request-Method`.
    func preflight(_ headers: borrowing HeaderBlock) -> OnPreflight {
        guard let origin = self.allowedOrigin(in: headers) else { return .refused(.origin) }
        guard self.allowsMethod(in: headers) else { return .refused(.method) }
        var refused: String?
        headers.forEachMember(of: .accessControlRequestHeaders) { name in
            guard refused == nil, !self.allows(header: name) else { return }
            refused = ByteClass.isToken(name) ? String(decoding: name.prefix(64), as: UTF8.self) : ""
        }
        if let refused { return .refused(.header(refused)) }
        return .allowed(origin: origin.range)
    }

    /// Methods are compared with regard to case. GET, HEAD and POST need no permission.
    private func allowsMethod(in headers: borrowing HeaderBlock) -> Bool {
        guard let range = headers.first(.accessControlRequestMethod),
            headers.count(of: .accessControlRequestMethod) == 1
        else { return false }
        return headers.withBytes(range) { method in
            ByteClass.equals(method, "GET") || ByteClass.equals(method, "HEAD") || ByteClass.equals(method, "POST")
                || self.methods.contains { method.elementsEqual($0) }
        }
    }

    private func allows(header name: UnsafeRawBufferPointer) -> Bool {
        let isNamed = self.headers.contains { allowed in
            allowed.withUnsafeBytes { ByteClass.equalsIgnoringCase(name, $0) }
        }
        if isNamed { return true }
        // "*" is a name, too, but would mean more in the answer.
        return self.allowsAnyHeader && ByteClass.isToken(name) && !ByteClass.equals(name, "*")
            && !ByteClass.equalsIgnoringCase(name, UnsafeRawBufferPointer("authorization" as StaticString))
    }
}

extension CORSMiddleware.Config {
    /// Returns why a preflight with these fields is refused and the key of the setting that refuses it, or nil if it is
    /// allowed.
    package func refusal(ofPreflight fields: [(name: HeaderName, value: [UInt8])]) -> (reason: String, key: String)? {
        var headers = HeaderBlock()
        for field in fields { headers.add(field.name, field.value) }
        switch CORSPolicy(self).preflight(headers) {
        case .allowed: return nil
        case .refused(.origin): return ("the origin is not in origins", "origins")
        case .refused(.method): return ("the method is not in methods", "methods")
        case .refused(.header("")): return ("Access-Control-Request-Headers is malformed", "headers")
        case .refused(.header(let name)): return ("the field \(name) is not in headers", "headers")
        }
    }
}
