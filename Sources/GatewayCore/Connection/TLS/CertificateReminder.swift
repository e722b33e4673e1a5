/// Decides when to remind operators of a certificate that expires soon: at once, then whenever a day has passed.
struct CertificateReminder {
    /// The days that were left at the last reminder, by certificate.
    private var reminded: [String: Int] = [:]

    enum OnLook: Hashable {
        case nothing
        case remind
    }

    /// - Parameter daysLeft: Nil if the certificate does not expire soon, or not any longer.
    mutating func look(at certificate: String, daysLeft: Int?) -> OnLook {
        guard let daysLeft else {
            self.reminded[certificate] = nil
            return .nothing
        }
        guard self.reminded.updateValue(daysLeft, forKey: certificate) != daysLeft else { return .nothing }
        return .remind
    }

    /// Forgets all certificates but these.
    mutating func keep(_ certificates: Set<String>) {
        self.reminded = self.reminded.filter { certificates.contains($0.key) }
    }
}
