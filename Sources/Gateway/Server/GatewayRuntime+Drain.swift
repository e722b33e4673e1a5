import GatewayAdmin
import GatewayCore
import GatewayEvents
import GatewaySettings
import Logging

extension GatewayRuntime: GatewayControl {
    func startDrain() {
        guard self.shared.changeDrain({ $0.start() }) == .drain else { return }
        self.log.notice("draining", metadata: ["reason": "admin"])
        self.publishDrain(reason: "admin")
        self.events.endStreams()
        self.workers.followDrain()
    }

    func cancelDrain() {
        guard self.shared.changeDrain({ $0.cancel() }) == .serve else { return }
        self.log.notice("drain canceled", metadata: ["reason": "admin"])
        self.workers.followDrain()
    }

    /// Reports that the gateway is not ready, from now until its end.
    func endServing(isHandedOver: Bool) {
        guard self.shared.changeDrain({ $0.end() }) == .drain else { return }
        self.publishDrain(reason: isHandedOver ? "handover" : "shutdown")
        self.events.endStreams()
    }

    private func publishDrain(reason: String) {
        self.shared.events.publish(
            GatewayEvent("gateway.draining", .info, topic: "gateway", ["reason": .string(reason)])
        )
    }
}
