package import GatewayCore
import GatewayHTTP
package import GatewaySettings
package import NIOCore

/// The admin API without its connections: turns a request into a response or a refusal.
package struct AdminRouter: Sendable {
    package let status: GatewayStatus
    /// The time up to which statistics are reported.
    package var now: @Sendable () -> NIODeadline = { .now() }

    package init(status: GatewayStatus, now: @escaping @Sendable () -> NIODeadline = { .now() }) {
        self.status = status
        self.now = now
    }

    package func result(of request: AdminRequest) async -> Result<AdminAnswer, AdminRefusal> {
        do throws(AdminRefusal) {
            return .success(try await self.answer(request))
        } catch {
            return .failure(error)
        }
    }

    /// Returns how much of a request's body to collect.
    ///
    /// - Throws: 401 or 403.
    func bodyLimit(of request: AdminRequest) throws(AdminRefusal) -> Int {
        guard case .endpoint(let endpoint, _) = AdminEndpoints.match(request.method, request.path) else {
            return AdminBody.limit
        }
        try self.check(request, for: endpoint.scope)
        return endpoint.bodyLimit
    }

    /// - Throws: 400, 401, 403, 404, 405, 422, 426 or 503.
    package func answer(_ request: AdminRequest) async throws(AdminRefusal) -> AdminAnswer {
        switch AdminEndpoints.match(request.method, request.path) {
        case .endpoint(let endpoint, let parameters):
            try self.check(request, for: endpoint.scope)
            let call = AdminCall(
                request: request,
                parameters: parameters,
                action: endpoint.action,
                status: self.status,
                now: self.now()
            )
            do throws(AdminRefusal) {
                // Probes must not fail because of what load balancers add.
                if endpoint.scope != .open { try call.query.require(endpoint.queryParameters) }
                if request.method != .head, let endpoint = endpoint as? any AdminStreamEndpoint {
                    return .stream(try await endpoint.open(call))
                }
                return .response(try await endpoint.answer(call))
            } catch {
                call.recordFailure(error)
                throw error
            }
        case .otherMethod(let endpoint, let allow):
            try self.check(request, for: endpoint.scope)
            throw .methodNotAllowed(allow: allow)
        case .none:
            // Whether a path exists is not for everyone to know.
            try self.check(request, for: .read)
            throw .notFound
        }
    }

    /// Checks whether a client may send a request, and records it if not.
    private func check(_ request: AdminRequest, for scope: AdminScope) throws(AdminRefusal) {
        do throws(AdminRefusal) {
            try AdminAccess(self.status.configuration).check(request, for: scope)
        } catch {
            request.recordRefusal(error, in: self.status.audit)
            throw error
        }
    }
}

extension Response {
    /// A response that must not be cached or interpreted as another type.
    package static func admin(_ type: String, _ body: ByteBuffer, status: Int = 200) -> Response {
        var response = Response(status: status, headers: [("X-Content-Type-Options", "nosniff")], body: body)
        response.add(.contentType, type)
        response.add(.cacheControl, "no-store")
        return response
    }

    /// Indented JSON, for people as much as for programs.
    package static func admin(_ value: JSONValue, status: Int = 200) -> Response {
        self.admin("application/json", ByteBuffer(string: JSONText.text(value, indented: true) + "\n"), status: status)
    }

    /// JSON on one line, with status 200 or 503.
    package static func verdict(_ value: JSONValue, type: String = "application/json", fails: Bool) -> Response {
        self.admin(type, ByteBuffer(string: JSONText.text(value) + "\n"), status: fails ? 503 : 200)
    }
}
