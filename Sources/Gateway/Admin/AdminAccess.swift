/// Who may use the admin API.
///
/// With a token: who sends it. Without one: who connects from this machine, and there no browser that was led here by a
/// name of somebody else's (DNS rebinding). A token needs no such check for reading, since a browser has none to send.
struct AdminAccess: Sendable {
    private let token: [UInt8]
    /// Its own name may stand in `Host`.
    private let listen: AdminListen

    init(_ configuration: AdminConfiguration) {
        self.token = Array(configuration.token.utf8)
        self.listen = configuration.listen
    }

    /// - Throws: 401 or 403.
    func check(_ request: AdminRequest, for endpoint: AdminEndpoint?) throws(AdminRefusal) {
        if request.surface == .exposed || endpoint?.isOpen == true { return }
        guard self.token.isEmpty else { return try self.checkToken(request.authorization) }
        if case .address(.unix) = self.listen { return }
        guard let peer = request.peer, peer.isLoopback else {
            throw .forbidden("Without admin.token in the configuration, only this machine is answered.")
        }
        guard self.isOwnName(request.host) else {
            throw .forbidden("Host names another server: ask for localhost or 127.0.0.1.")
        }
    }

    private func checkToken(_ authorization: String?) throws(AdminRefusal) {
        guard let authorization else {
            throw .unauthorized(
                "Send the token as \"Authorization: Bearer TOKEN\".",
                challenge: "Bearer realm=\"gateway admin\""
            )
        }
        let parts = authorization.split(separator: " ", maxSplits: 1)
        let isBearer = parts.count == 2 && parts[0].lowercased() == "bearer"
        guard isBearer, Self.isEqual(Array(parts[1].utf8), to: self.token) else {
            throw .unauthorized(
                "The token is not the one in admin.token.",
                challenge: "Bearer realm=\"gateway admin\", error=\"invalid_token\""
            )
        }
    }

    /// Takes as long for a token that is nearly right as for any other of its length.
    static func isEqual(_ given: [UInt8], to secret: [UInt8]) -> Bool {
        guard !secret.isEmpty else { return false }
        var difference = given.count ^ secret.count
        for index in given.indices { difference |= Int(given[index] ^ secret[index % secret.count]) }
        return difference == 0
    }

    /// Whether a `Host` is the listener's, or this machine's own. Without one it was no browser that asked.
    private func isOwnName(_ host: String?) -> Bool {
        guard let host else { return true }
        guard let name = HostAndPort.parse(host)?.host.lowercased() else { return false }
        if name == "localhost" { return true }
        if let address = IPAddress(name), address.isLoopback { return true }
        guard case .address(.host(let own, _)) = self.listen else { return false }
        return name == own.lowercased()
    }
}

extension IPAddress {
    /// 127.0.0.0/8 and ::1.
    var isLoopback: Bool { self.isIPv6 ? self.high == 0 && self.low == 1 : self.low >> 24 == 127 }
}
