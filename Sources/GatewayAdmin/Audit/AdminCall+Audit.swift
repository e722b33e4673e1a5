import GatewayCore
import GatewayHTTP
import GatewaySettings

extension AdminCall {
    /// Who sent the request.
    var actor: AuditActor {
        let name = self.status.configuration.admin.token.isEmpty ? "local" : "admin"
        return AuditActor(name: name, address: self.request.peer?.description, requestID: self.request.requestID)
    }

    /// Records what the endpoint changes, and then changes it. No other act comes in between.
    ///
    /// - Parameters:
    ///   - target: What is changed.
    ///   - before: What is about to be changed.
    ///   - after: What it is changed to. No secrets.
    /// - Throws: 503 if the act cannot be recorded. Nothing was changed then.
    func act<Outcome>(
        on target: String?,
        from before: @autoclosure () -> JSONValue,
        to after: JSONValue,
        _ change: () async -> Outcome
    ) async throws(AdminRefusal) -> Outcome {
        guard let action = self.action else { return await change() }
        do throws(AuditFailure) {
            return try await self.status.audit.perform(
                .admin,
                AuditEntry(action, by: self.actor, target: target, before: before(), after: after),
                change
            )
        } catch {
            throw .unrecorded
        }
    }

    /// Records that the endpoint did not do what was asked for.
    func recordFailure(_ refusal: AdminRefusal) {
        guard let action = self.action, refusal != .unrecorded else { return }
        let entry = AuditEntry(action, by: self.actor, target: self.request.path, result: refusal.error.code.name)
        self.status.audit.note(.admin, entry, from: self.request.peer)
    }
}

extension AdminRequest {
    /// Records that the request was refused for lack of access.
    func recordRefusal(_ refusal: AdminRefusal, in audit: AuditLog) {
        let actor = AuditActor(
            name: AuditActor.anonymous,
            address: self.peer?.description,
            requestID: self.requestID
        )
        let target = "\(self.method.name) \(self.path)"
        audit.note(
            .admin,
            AuditEntry(.refuse, by: actor, target: target, result: refusal.error.code.name),
            from: self.peer
        )
    }
}

extension AdminRefusal {
    /// 503: the audit log cannot be written.
    static let unrecorded = Self(error: GatewayError(.auditUnavailable))
}
