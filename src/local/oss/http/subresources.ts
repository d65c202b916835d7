/**
 * Query parameters that select an operation, whether or not it is implemented here (OSS help, "List of operations by
 * function"; the lists of the official V1 signers).
 */
export const subresources: ReadonlySet<string> = new Set(
  `accessPoint accessPointPolicy acl append asyncFetch bucketArchiveDirectRead bucketInfo bucketOverwriteConfig
   cleanRestoredObject cloudboxes cname comp cors delete encryption httpsConfig inventory lifecycle list-type live location
   logging metaQuery objectMeta partNumber policy policyStatus processConfiguration publicAccessBlock qosInfo qosRequester
   redundancyTransition referer regionList regions replication replicationLocation replicationProgress requestPayment
   resourceGroup resourcePool resourcepool responseHeader restore rtc seal stat style symlink tagging transferAcceleration
   udf uploadId uploads userDefinedLogFieldsConfig versioning versions vod website worm wormExtend wormId x-oss-async-process
   x-oss-process`.split(/\s+/),
);

/** Further query parameters that a V1 signature covers (OSS help "Include a V1 signature"; aliyun-oss-go-sdk oss/conn.go). */
export const signedParameters: ReadonlySet<string> = new Set(
  `callback callback-var continuation-token endTime img inventoryId position qos response-cache-control
   response-content-disposition response-content-encoding response-content-language response-content-type
   response-expires security-token sequential startTime status styleName udfApplication udfApplicationLog udfId udfImage
   udfImageDesc udfName versionId withHashContext x-oss-ac-forward-allow x-oss-ac-source-ip x-oss-ac-subnet-mask
   x-oss-ac-vpc-id x-oss-enable-md5 x-oss-enable-sha1 x-oss-enable-sha256 x-oss-hash-ctx x-oss-md5-ctx
   x-oss-request-payer x-oss-traffic-limit`.split(/\s+/),
);
