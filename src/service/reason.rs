//! Every reason a request can be refused for: a stable code, what kind of refusal it is, and what a
//! clerk reads. `docs/errors.md` lists them; a test keeps it complete.

/// What kind of refusal a reason is. `rpc/status.rs` maps each to one wire code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request itself is wrong.
    Invalid,
    /// Nobody known is calling.
    Unauthenticated,
    /// The caller may not.
    Denied,
    /// There is no such thing, or not for this caller.
    NotFound,
    /// It is there already.
    Exists,
    /// The state of things does not allow it now.
    Precondition,
    /// It changed meanwhile: read again and retry.
    Aborted,
    /// A bound was reached.
    Exhausted,
    /// A bound was reached that no later time lifts.
    TooLarge,
    /// Trying again later may help.
    Unavailable,
    /// Our fault.
    Internal,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident $code:literal $kind:ident $zh:literal,)+) => {
        /// Why a request was refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason { $($(#[$doc])* $name,)+ }

        impl Reason {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// Its stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What kind of refusal it is.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$name => Kind::$kind,)+ }
            }

            /// What a clerk reads.
            pub const fn zh(self) -> &'static str {
                match self { $(Self::$name => $zh,)+ }
            }
        }
    };
}

reasons! {
    /// A field that must be given is empty.
    FieldRequired "FIELD_REQUIRED" Invalid "此项必填",
    /// A field does not have the form its description gives.
    FieldMalformed "FIELD_MALFORMED" Invalid "此项格式不正确",
    /// A number lies outside its range.
    FieldOutOfRange "FIELD_OUT_OF_RANGE" Invalid "此项超出允许范围",
    /// A text or list is longer than its bound.
    FieldTooLong "FIELD_TOO_LONG" Invalid "此项内容过长",
    /// A file of a rule set is not sound; the message says which, the line and the fault.
    RuleSetUnsound "RULE_SET_UNSOUND" Invalid "规则集有误",
    /// A rule says something else than the one that counts, under the same version.
    RuleVersionKept "RULE_VERSION_KEPT" Invalid "规则内容已改，version 未提高",
    /// Not a civil date `YYYY-MM-DD`.
    DateMalformed "DATE_MALFORMED" Invalid "日期格式应为 YYYY-MM-DD",
    /// A last day lies before its first.
    PeriodInverted "PERIOD_INVERTED" Invalid "结束日期早于开始日期",
    /// A period is longer than it may be.
    PeriodTooLong "PERIOD_TOO_LONG" Invalid "期限超过允许的长度",
    /// A day that is told of lies ahead.
    DayAhead "DAY_AHEAD" Invalid "日期不能晚于今天",
    /// What is asked of a person is told of a system account.
    PersonRequired "PERSON_REQUIRED" Invalid "只有工作人员有健康合格证，系统账户没有",
    /// A day lies further ahead than it may.
    DayTooFar "DAY_TOO_FAR" Invalid "日期过远，请核对年份",
    /// A day of an absence lies before the enrolment's first day or after its last.
    AbsenceOutsideEnrolment "ABSENCE_OUTSIDE_ENROLMENT" Invalid "缺勤日期不在该儿童在本机构的在托期内",
    /// The resource names another region than the request.
    RegionMismatch "REGION_MISMATCH" Invalid "资源名称与所请求的行政区划不一致",
    /// The page token is not one of ours, or of another caller or filter.
    PageTokenInvalid "PAGE_TOKEN_INVALID" Invalid "分页标记无效，或属于其他调用者",
    /// The bytes are no message of this method.
    MessageMalformed "MESSAGE_MALFORMED" Invalid "消息无法解析，请核对接口版本",
    /// One message is larger than 1 MiB.
    MessageTooLarge "MESSAGE_TOO_LARGE" TooLarge "单条消息超过 1 MiB，请拆分后重新发送",
    /// The certificate request can't be used.
    CertificateRequestInvalid "CERTIFICATE_REQUEST_INVALID" Invalid "证书申请无效，应为 P-256 密钥的 PKCS#10 申请",
    /// The signing key can't be used.
    SigningKeyInvalid "SIGNING_KEY_INVALID" Invalid "签名公钥无效，应为 P-256 公钥",
    /// The signature does not verify over the canonical bytes.
    SignatureInvalid "SIGNATURE_INVALID" Invalid "签名与协议文本不符",
    /// The organization's kind does not fit here.
    WrongOrganizationKind "WRONG_ORGANIZATION_KIND" Invalid "机构类型不符合此操作",
    /// No client certificate.
    CertificateRequired "CERTIFICATE_REQUIRED" Unauthenticated "需要机构客户端证书",
    /// The certificate names no organization known here.
    CertificateUnknown "CERTIFICATE_UNKNOWN" Unauthenticated "证书所示机构未在本系统登记",
    /// The certificate is past its dates; a connection may outlive it.
    CertificateExpired "CERTIFICATE_EXPIRED" Unauthenticated "证书不在有效期内",
    /// The certificate was revoked.
    CertificateRevoked "CERTIFICATE_REVOKED" Unauthenticated "证书已吊销",
    /// The enrolment code is unknown, used or expired.
    EnrolmentCodeInvalid "ENROLMENT_CODE_INVALID" Denied "登记码无效、已使用或已过期",
    /// The organization has no standing in the region.
    RegionForeign "REGION_FOREIGN" Denied "本机构在该行政区划没有资格",
    /// The organization's standing is suspended.
    OrganizationSuspended "ORGANIZATION_SUSPENDED" Denied "本机构在该行政区划的资格已暂停",
    /// The call names no actor.
    ActorRequired "ACTOR_REQUIRED" Unauthenticated "调用必须注明操作人（yuqiao-actor）",
    /// The actor is not of this organization.
    ActorUnknown "ACTOR_UNKNOWN" Denied "操作人未在本机构登记",
    /// The actor is not approved.
    ActorNotApproved "ACTOR_NOT_APPROVED" Denied "操作人尚未经负责人批准，或批准已撤销",
    /// Only the responsible person may do this.
    ResponsiblePersonRequired "RESPONSIBLE_PERSON_REQUIRED" Denied "只有机构负责人可以执行此操作",
    /// Only the commission's responsible person and officials may do this.
    OfficeRequired "OFFICE_REQUIRED" Denied "只有卫生健康委的负责人或工作人员可以执行此操作",
    /// Only a clinician may decide this.
    ClinicianRequired "CLINICIAN_REQUIRED" Denied "只有医务人员可以作出此决定",
    /// Only this kind of organization may do this.
    NotForThisOrganization "NOT_FOR_THIS_ORGANIZATION" Denied "本机构无权执行此操作",
    /// A key of the look is missing; the keys' states are in the details.
    KeyMissing "KEY_MISSING" Denied "查阅所需的条件不齐",
    /// The guardian's code is unknown, used, expired or of another use or child.
    GuardianCodeInvalid "GUARDIAN_CODE_INVALID" Denied "监护人一次性码无效、已使用或已过期",
    /// A consent recorded by its own recipient.
    RecipientCannotRecord "RECIPIENT_CANNOT_RECORD" Denied "同意的接收方不得代为登记同意",
    /// There is none, or none for this caller.
    NotFound "NOT_FOUND" NotFound "没有找到，或无权查看",
    /// The social credit code is registered in the region.
    OrganizationExists "ORGANIZATION_EXISTS" Exists "该统一社会信用代码已登记",
    /// The region is laid out already.
    RegionExists "REGION_EXISTS" Exists "该行政区划已建立",
    /// The licence is registered.
    PractitionerExists "PRACTITIONER_EXISTS" Exists "该执业证书已登记",
    /// The child has an open enrolment here.
    EnrolmentExists "ENROLMENT_EXISTS" Exists "该儿童在本机构已有入托登记",
    /// The child has another absence on one of the days.
    AbsenceOverlaps "ABSENCE_OVERLAPS" Exists "该儿童在这些日期中已有缺勤记录，请更正原记录",
    /// The identifier belongs to another child.
    IdentifierTaken "IDENTIFIER_TAKEN" Exists "该证件号已登记在另一名儿童名下",
    /// Sex, birth date or gestation disagree with the child already known by this identifier.
    IdentityDisagrees "IDENTITY_DISAGREES" Precondition "该证件号对应儿童的性别、出生日期或出生孕周与所填不一致",
    /// The state does not allow the step.
    WrongState "WRONG_STATE" Precondition "当前状态不允许此操作",
    /// The alert was resolved or retracted meanwhile.
    AlertEnded "ALERT_ENDED" Precondition "该提示已结束，不能再确认、跟进或作出决定",
    /// Certificates of this deployment are issued by an outside authority.
    AuthorityOutside "AUTHORITY_OUTSIDE" Precondition "本系统的机构证书由外部证书机构签发",
    /// The region has as many rule sets as it may.
    RuleSetsFull "RULE_SETS_FULL" Precondition "本行政区划的规则集已达上限",
    /// This program does not understand the rule set.
    RuleSetUnreadable "RULE_SET_UNREADABLE" Precondition "当前程序版本不能读取该规则集",
    /// The agreement is not in force.
    AgreementNotInForce "AGREEMENT_NOT_IN_FORCE" Precondition "协议未生效",
    /// The guardianship does not hold, or is disputed.
    GuardianshipNotHeld "GUARDIANSHIP_NOT_HELD" Precondition "监护关系不成立、已结束或存在争议",
    /// The institution neither registered nor examined the child, and serves no facility it is in.
    ChildNotServed "CHILD_NOT_SERVED" Precondition "本机构未为该儿童建档或检查，也未与其在托机构签约，不能发放监护人一次性码，也不能登记纸质同意",
    /// The child was erased.
    ChildErased "CHILD_ERASED" Precondition "该儿童的资料已删除",
    /// It changed meanwhile.
    EtagMismatch "ETAG_MISMATCH" Aborted "内容已被他人修改，请重新读取后再试",
    /// The idempotency key was used for other content.
    IdempotencyKeyReused "IDEMPOTENCY_KEY_REUSED" Precondition "同一幂等键已用于其他内容",
    /// This revision of the record is there with other content.
    RevisionConflict "REVISION_CONFLICT" Precondition "该记录的这一版本已有不同内容",
    /// The inbox no longer holds what comes after the reader's last number.
    InboxTruncated "INBOX_TRUNCATED" Precondition "收件箱中较早的内容已清理：请丢弃已收到的内容，从头（after 为 0）重新接收",
    /// The caller calls too often.
    TooOften "TOO_OFTEN" Exhausted "调用过于频繁，请稍后重试",
    /// Another preview of rules is under way on this gateway.
    PreviewUnderWay "PREVIEW_UNDER_WAY" Exhausted "另一项规则预演正在进行，请稍后重试",
    /// Too many requests are under way.
    TooBusy "TOO_BUSY" Exhausted "系统繁忙，请稍后重试",
    /// The call took longer than it may.
    TooSlow "TOO_SLOW" Unavailable "请求未能及时完成，请稍后重试",
    /// The database is not to be reached just now.
    StoreUnavailable "STORE_UNAVAILABLE" Unavailable "数据库暂时不可用，请稍后重试",
    /// The gateway is stopping.
    Stopping "STOPPING" Unavailable "系统正在停止，请稍后重试",
    /// What is stored of a child does not open.
    RecordUnreadable "RECORD_UNREADABLE" Internal "该儿童的存储资料无法解开，已记录，请联系系统管理员",
    /// A fault of ours; the cause is in our log.
    Internal "INTERNAL" Internal "系统内部错误，已记录",
}
