/**
 * Query parameters that select an operation, implemented here or not (OSS help, "List of operations by
 * function"; the lists of the official V1 signers).
 */
export const subresources: ReadonlySet<string> = new Set(
  `accessmonitor accessPoint accessPointConfigForObjectProcess accessPointForObjectProcess accessPointPolicy
   accessPointPolicyForObjectProcess acl append asyncFetch bucketArchiveDirectRead bucketInfo
   bucketOverwriteConfig cleanRestoredObject cloudboxes cname comp cors dataPipeline delete encryption
   httpsConfig inventory legalHold lifecycle list-type live location logging metaQuery objectMeta objectWorm
   overwriteConfig partNumber policy policyStatus processConfiguration publicAccessBlock qos qosInfo
   qosRequester redundancyTransition referer regionList regions requesterQosInfo replication
   replicationLocation replicationProgress requestPayment resourceGroup resourcePool resourcepool
   resourcePoolBuckets resourcePoolInfo responseHeader restore retention rtc seal stat style symlink tagging
   transferAcceleration udf uploadId uploads userDefinedLogFieldsConfig versioning versions vod vpcip website
   worm wormExtend wormId x-oss-async-process x-oss-delete x-oss-process x-oss-rename
   x-oss-write-get-object-response`.split(/\s+/),
);

/** Sub-resources that came when V1 was long there: its signers differ on them. */
export const laterSubresources: ReadonlySet<string> = new Set(
  `accessmonitor accessPoint accessPointConfigForObjectProcess accessPointForObjectProcess accessPointPolicy
   accessPointPolicyForObjectProcess bucketArchiveDirectRead dataPipeline httpsConfig legalHold list-type
   objectWorm overwriteConfig policyStatus publicAccessBlock redundancyTransition regions retention seal vpcip
   x-oss-delete x-oss-redundancy-transition-taskid x-oss-rename x-oss-target-redundancy-type
   x-oss-write-get-object-response`.split(/\s+/),
);

/** Further parameters that V1 signs (OSS help "Include a V1 signature"; aliyun-oss-go-sdk oss/conn.go). */
export const signedParameters: ReadonlySet<string> = new Set(
  `callback callback-var continuation-token endTime img inventoryId position response-cache-control
   response-content-disposition response-content-encoding response-content-language response-content-type
   response-expires security-token sequential startTime status styleName udfApplication udfApplicationLog
   udfId udfImage udfImageDesc udfName versionId withHashContext x-oss-ac-forward-allow x-oss-ac-source-ip
   x-oss-ac-subnet-mask x-oss-ac-vpc-id x-oss-enable-md5 x-oss-enable-sha1 x-oss-enable-sha256 x-oss-hash-ctx
   x-oss-md5-ctx x-oss-redundancy-transition-taskid x-oss-request-payer x-oss-target-redundancy-type
   x-oss-traffic-limit`.split(/\s+/),
);
