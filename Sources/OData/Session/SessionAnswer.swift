internal import HTTPTypes

/// What came back to a plan: the head, and a body that isn't read yet, or the error that it tells of.
struct SessionAnswer: Sendable {
    var status: Int
    var headers: HTTPFields
    var body: ResponseBody
    /// What the request took along.
    var sent: SessionState.Outgoing
    /// Of a status from 400 on; the body is read then.
    var error: ServiceError?
    /// The error's body, which may be no error object, speaks of an anti-forgery token.
    var speaksOfToken = false

    /// What to do about it.
    enum Verdict: Sendable, Hashable {
        case accept
        case renewAuthorization
        case renewToken
        case follow(URLReference)
        case fail(ODataError)
    }

    /// What was tried for the request already: each of them once.
    struct Tried: Sendable {
        var authorization = false
        var token = false
        var redirect = false
    }

    /// - Parameter canRenewToken: tokens are the session's matter, and not switched off.
    func verdict(
        of plan: SessionPlan, _ tried: Tried, root: ServiceRoot, canRenewAuthorization: Bool, canRenewToken: Bool
    ) -> Verdict {
        if let error {
            if status == 401, canRenewAuthorization, !tried.authorization { return .renewAuthorization }
            guard !plan.isRead, status == 403, refusesToken else { return .fail(ODataError(error)) }
            if canRenewToken, !tried.token { return .renewToken }
            return .fail(.authentication(.csrfTokenRefused, error))
        }
        if (300..<400).contains(status), status != 304 { return redirect(of: plan, tried, root) }
        if isHTML, plan.method != .head, !plan.takesHTML, !plan.isFetch {
            return .fail(.authentication(.logonPage, nil))
        }
        return .accept
    }

    private var refusesToken: Bool {
        headers[HTTPField.Name.csrfToken]?.lowercased() == "required" || speaksOfToken
    }

    private var isHTML: Bool {
        let type = headers[.contentType]?.prefix { $0 != ";" }.lowercased()
        return type.map { $0.hasPrefix("text/html") || $0.hasPrefix("application/xhtml") } ?? false
    }

    /// A read is led on once, within the service: everything else would take credentials to where nobody meant them to
    /// go.
    private func redirect(of plan: SessionPlan, _ tried: Tried, _ root: ServiceRoot) -> Verdict {
        guard let location = headers[.location], let reference = URLReference(location) else {
            return .fail(.service(ServiceError(status: status)))
        }
        let target = reference.resolved(against: plan.url)
        let isInService =
            target.scheme == root.scheme && target.authority == root.authority && root.contains(path: target.path)
        if isInService, plan.isRead, !tried.redirect, target != plan.url { return .follow(target) }
        if target.looksLikeLogon { return .fail(.authentication(.logonPage, ServiceError(status: status))) }
        return .fail(isInService ? .service(ServiceError(status: status)) : .foreignLink)
    }
}

extension URLReference {
    /// Whether it leads to where people log on, as far as a URL tells.
    fileprivate var looksLikeLogon: Bool {
        let text = text.lowercased()
        return ["logon", "login", "/sap/public/", "saml", "/oauth", "/authorize", "signin", "/sso", "/adfs/"]
            .contains { text.contains($0) }
    }
}
