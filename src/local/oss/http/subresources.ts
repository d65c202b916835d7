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

/** Further parameters of implemented operations that V1 signs (OSS help "Include a V1 signature"). */
export const signedParameters: ReadonlySet<string> = new Set(
  `continuation-token position response-cache-control response-content-disposition response-content-encoding
   response-content-language response-content-type response-expires security-token sequential styleName
   versionId x-oss-request-payer x-oss-traffic-limit`.split(/\s+/),
);
