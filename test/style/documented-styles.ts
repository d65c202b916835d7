import { readFileSync } from 'node:fs';

interface DocumentedCase {
  id: string;
  source: { w: number | null; h: number | null };
  style: string;
  expected: { error?: { ec: string | null; message: string | null } };
}

const cases: DocumentedCase[] = JSON.parse(
  readFileSync(new URL('../fixtures/processing-cases.json', import.meta.url), 'utf8'),
);

/** Refused for what the picture is, which a style alone does not show. */
const refusedByPicture = ['image/crop,x_500,y_10,w_50,h_50', 'image/rotate,90'];

/** Styles that the pages and the SDKs' live tests show to work, and others that they show to be refused. */
const runnable = cases.filter(({ style }) => !/[<(]/.test(style));
export const acceptedStyles = [
  ...new Set([
    ...runnable.filter(({ expected }) => expected.error === undefined).map(({ style }) => style),
    ...refusedByPicture,
  ]),
];
export const refusedStyles = runnable.filter(
  ({ expected, style }) => expected.error !== undefined && !refusedByPicture.includes(style),
);

const base64 = (text: string) => Buffer.from(text).toString('base64url');
const saveAs = `sys/saveas,o_${base64('out/{index}.{autoext}')},b_${base64('out-bucket')}`;

/** Media, document and request examples of the help pages and the SDKs' samples, which no fixture holds. */
export const acceptedProcesses = [
  'video/snapshot,t_7000,f_jpg,w_800,h_600,m_fast,ar_auto',
  'video/snapshot,t_0,w_0,h_0',
  'video/info',
  'audio/info',
  `video/convert,f_avi,vcodec_h265,s_1920x1080,vb_2000000,fps_30,acodec_aac,ab_100000,sn_1|${saveAs}`,
  `video/convert,f_mp4,vcodec_h264,s_640x,fpsopt_1,crf_26|${saveAs}/notify,topic_${base64('media')}`,
  `video/snapshots,f_jpg,m_dhash,thr_60,scaletype_fill,w_100,h_100|${saveAs}`,
  `video/animation,f_gif,w_100,inter_1000,num_10|${saveAs}`,
  `video/sprite,f_jpg,sw_100,sh_100,inter_10000,tw_10,th_10,pad_0,margin_0|${saveAs}`,
  `video/concat,ss_0,f_mp4,vcodec_h264,acodec_aac/pre,o_${base64('pre.mov')}/sur,o_${base64('sur.mov')},t_0|${saveAs}`,
  `video/concat,f_mp4,vcodec_h264,acodec_aac${'/pre,o_YQ'.repeat(10)}|${saveAs}`,
  `audio/convert,ss_10000,t_60000,f_aac,ab_96000|${saveAs}|sys/notify,topic_${base64('audio')}`,
  `audio/concat,f_aac,ac_1,ar_44100,ab_96000/pre,o_${base64('a.mp3')}/sur,o_${base64('b.wav')}|${saveAs}`,
  `hls/m3u8,ss_0,t_60000,st_10000,vcodec_h264,initd_-1|${saveAs}`,
  `doc/convert,target_png,source_docx,pages_${base64('1-10')}|${saveAs}`,
  'doc/snapshot,target_jpg,source_docx,page_2',
  `doc/preview,export_1,print_1,copy_0/watermark,text_${base64('draft')},size_30,t_60`,
  'doc/edit,print_1',
  'imm/previewdoc,copy_1',
  'csv/select',
  'json/meta',
  `image/blindwatermark,content_${base64('© 小店')},s_low,q_90|${saveAs}`,
  `image/deblindwatermark,s_low,t_text|sys/notify,topic_${base64('marks')}`,
  'image/faces',
  'image/blur,r_25,s_50,g_faces,p_200',
  'image/crop,w_100,h_100,g_face,p_200',
  'image/quality,80',
  'image/watermark,text_8J-Zgg,color_ff6a00,',
  `image/watermark,text_${base64('x'.repeat(64))},type_d3F5LXplbmhlaQ,size_1000,rotate_360,g_center,voffset_-1000`,
  'style/thumb.v-1_x',
  `style/thumb|${saveAs}`,
  `style/::h264-mp4-1080p|${saveAs}`,
];
