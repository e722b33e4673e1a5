import GatewayCore
import GatewayHTTP
import GatewaySettings

/// The fields of responses to pages of other origins, prepared as bytes.
struct CORSFields {
    static let allowOrigin = HeaderName("Access-Control-Allow-Origin")
    private static let allowMethods = HeaderName("Access-Control-Allow-Methods")
    private static let allowHeaders = HeaderName("Access-Control-Allow-Headers")
    private static let allowCredentials = HeaderName("Access-Control-Allow-Credentials")
    private static let allowPrivateNetwork = HeaderName("Access-Control-Allow-Private-Network")
    private static let exposeHeaders = HeaderName("Access-Control-Expose-Headers")
    private static let maxAge = HeaderName("Access-Control-Max-Age")
    private static let requestPrivateNetwork = HeaderName("Access-Control-Request-Private-Network")
    private static let vary = HeaderName(.vary)

    /// All fields with which a server answers about CORS.
    static let all = [
        allowOrigin, allowMethods, allowHeaders, allowCredentials, allowPrivateNetwork, exposeHeaders, maxAge,
    ]

    /// The fields of one kind of response, without and with `Vary: Origin`. A response that already has `Vary` gets the
    /// name merged into it.
    private struct Variants {
        let plain: PreparedFields
        let varying: PreparedFields

        init(varies: Bool, _ write: (inout HeaderBlock) -> Void) {
            self.plain = PreparedFields(PreparedFields(), room: 128, write)
            self.varying = varies ? PreparedFields(self.plain, room: 16) { $0.add(vary, "Origin") } : self.plain
        }
    }

    /// By the index of the origin that is allowed.
    private let toAllowed: ContiguousArray<Variants>
    /// Whether the pattern with this index includes several origins, so that its responses lack the origin.
    private let lacksOrigin: ContiguousArray<Bool>
    private let toOthers: Variants
    private let toPreflights: PreparedFields
    private let toRefused: PreparedFields
    private let allowsAnyOrigin: Bool
    private let repeatsHeaders: Bool
    private let allowsPrivateNetwork: Bool

    init(_ config: CORSMiddleware.Config, _ policy: CORSPolicy, exposing names: [String]) {
        let isOpen = policy.allowsAnyOrigin
        self.allowsAnyOrigin = isOpen
        self.repeatsHeaders = policy.allowsAnyHeader
        self.allowsPrivateNetwork = config.privateNetwork
        func add(_ origin: [UInt8]?, to block: inout HeaderBlock) {
            if let origin { block.add(Self.allowOrigin, origin) }
            if config.credentials { block.add(Self.allowCredentials, "true") }
        }
        func variants(_ origin: [UInt8]?) -> Variants {
            Variants(varies: !isOpen) { block in
                add(origin, to: &block)
                if !names.isEmpty { block.add(Self.exposeHeaders, Array(names.joined(separator: ", ").utf8)) }
            }
        }
        self.toOthers = isOpen ? variants(Array("*".utf8)) : Variants(varies: true) { _ in }
        self.toAllowed = isOpen ? [] : ContiguousArray(policy.origins.map { variants($0.origin) })
        self.lacksOrigin = ContiguousArray(policy.origins.map { $0.origin == nil })
        self.toRefused = PreparedFields(PreparedFields(), room: 128) {
            $0.add(Self.vary, "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
        }
        self.toPreflights = PreparedFields(self.toRefused, room: 512) { block in
            add(isOpen ? Array("*".utf8) : nil, to: &block)
            if !config.methods.isEmpty {
                block.add(Self.allowMethods, Array(config.methods.joined(separator: ", ").utf8))
            }
            if !policy.allowsAnyHeader, !config.headers.isEmpty {
                block.add(Self.allowHeaders, Array(config.headers.joined(separator: ", ").utf8))
            }
            block.add(Self.maxAge) { $0.write(decimal: Int(config.maxAge.nanoseconds / 1_000_000_000)) }
        }
    }

    /// Sets the fields of a response, and removes those of the upstream.
    ///
    /// - Parameters:
    ///   - allowed: The index of the allowed origin, or a negative number.
    ///   - origin: The allowed origin, as a range in the request.
    func set(
        on response: inout HeaderBlock,
        allowed: Int,
        _ origin: ByteRange,
        of request: borrowing HeaderBlock
    ) {
        Self.remove(from: &response)
        let hasVary = response.contains(.vary)
        if allowed < 0 {
            if hasVary { response.add(self.toOthers.plain) } else { response.add(self.toOthers.varying) }
        } else {
            if self.lacksOrigin[allowed] { Self.add(origin, of: request, to: &response) }
            if hasVary {
                response.add(self.toAllowed[allowed].plain)
            } else {
                response.add(self.toAllowed[allowed].varying)
            }
        }
        if hasVary, !self.allowsAnyOrigin { response.addVary(.origin) }
    }

    private static func add(_ origin: ByteRange, of request: borrowing HeaderBlock, to response: inout HeaderBlock) {
        request.withBytes(origin) { (origin) -> Void in
            response.add(self.allowOrigin, room: origin.count) { $0.write(origin) }
        }
    }

    /// Returns the fields of the answer to an allowed preflight.
    func ofPreflight(from origin: ByteRange, in request: borrowing HeaderBlock) -> PreparedFields {
        var block = HeaderBlock(self.toPreflights, room: 256)
        if !self.allowsAnyOrigin { Self.add(origin, of: request, to: &block) }
        if self.repeatsHeaders {
            var names: [UInt8] = []
            request.forEachMember(of: .accessControlRequestHeaders) { name in
                if !names.isEmpty { names += Array(", ".utf8) }
                names += name
            }
            if !names.isEmpty { block.add(Self.allowHeaders, names) }
        }
        let asks = request.withBytes(of: Self.requestPrivateNetwork) { ByteClass.equals($0, "true") } ?? false
        if asks, self.allowsPrivateNetwork { block.add(Self.allowPrivateNetwork, "true") }
        return PreparedFields(names: block.present, bytes: block.bytes, fields: block.fields)
    }

    /// Returns the error that answers a refused preflight.
    func error(_ refusal: CORSPolicy.Refusal) -> GatewayError {
        var error = GatewayError(.forbidden, detail: refusal.detail, reason: "cors: \(refusal.detail)")
        error.fields = self.toRefused
        return error
    }

    /// Removes all fields about CORS from a response: only the middleware decides on its route.
    static func remove(from headers: inout HeaderBlock) {
        guard headers.present.intersects(self.possible) else { return }
        headers.removeAll { block, field in
            self.possible.contains(field.id) && field.name.count > self.prefix.utf8CodeUnitCount
                && block.withBytes(field.name) { name in
                    ByteClass.equalsIgnoringCase(
                        UnsafeRawBufferPointer(rebasing: name[..<self.prefix.utf8CodeUnitCount]),
                        UnsafeRawBufferPointer(self.prefix)
                    )
                }
        }
    }

    private static let prefix: StaticString = "Access-Control-"
    private static let possible: FieldSet = [
        .unknown, .accessControlRequestHeaders, .accessControlRequestMethod,
    ]
}

extension CORSPolicy.Refusal {
    /// A sentence for the client.
    var detail: String {
        switch self {
        case .origin: "Pages of this origin may not use this URL."
        case .method: "Pages of other origins may not use this method here."
        case .header(""): "Access-Control-Request-Headers is malformed."
        case .header(let name): "Pages of other origins may not send the field \(name) here."
        }
    }
}
